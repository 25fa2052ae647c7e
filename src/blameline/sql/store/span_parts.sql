-- A span's names and values in two parts, facts and content, as far as they may be kept; `clean` is what redacting left, NULL where it changed nothing.
CREATE OR REPLACE TEMP MACRO span_parts(odd, names, said, clean, mask) AS {
    names: list_where(kept_names(odd, names, clean), list_transform(mask, lambda content: NOT content)),
    said: list_where(
        CASE
            WHEN NOT getvariable('protection').content AND list_contains(names, 'gen_ai.retrieval.documents') THEN list_transform(
                kept_values(said, clean), lambda value, i: CASE WHEN names[i] = 'gen_ai.retrieval.documents' THEN documents_seen(value) ELSE value END
            )
            ELSE kept_values(said, clean)
        END,
        list_transform(mask, lambda content: NOT content)
    ),
    content_names: CASE WHEN getvariable('protection').content THEN list_where(kept_names(odd, names, clean), mask) ELSE [] END,
    content_said: CASE WHEN getvariable('protection').content THEN list_where(kept_values(said, clean), mask) ELSE [] END
}
