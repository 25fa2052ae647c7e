-- A span's names and values in two parts, facts and content, as far as they may be kept; `clean` has the values and, where odd, the names behind them.
CREATE OR REPLACE TEMP MACRO span_parts(odd, names, clean, mask) AS {
    names: list_where(CASE WHEN odd THEN clean[len(names) + 1:2 * len(names)] ELSE names END, list_transform(mask, lambda content: NOT content)),
    said: list_where(
        CASE
            WHEN NOT getvariable('protection').content AND list_contains(names, 'gen_ai.retrieval.documents') THEN list_transform(
                clean[:len(names)], lambda value, i: CASE WHEN names[i] = 'gen_ai.retrieval.documents' THEN documents_seen(value) ELSE value END
            )
            ELSE clean[:len(names)]
        END,
        list_transform(mask, lambda content: NOT content)
    ),
    content_names: CASE
        WHEN getvariable('protection').content THEN list_where(CASE WHEN odd THEN clean[len(names) + 1:2 * len(names)] ELSE names END, mask)
        ELSE []
    END,
    content_said: CASE WHEN getvariable('protection').content THEN list_where(clean[:len(names)], mask) ELSE [] END
}
