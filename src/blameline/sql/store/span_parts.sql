-- A span's names and values in two parts, facts and content, as far as they may be kept.
CREATE OR REPLACE TEMP MACRO span_parts(odd, names, said, mask) AS {
    names: list_where(CASE WHEN odd THEN redacted_names(names) ELSE names END, list_transform(mask, lambda content: NOT content)),
    said: list_where(
        CASE
            WHEN NOT getvariable('protection').content AND list_contains(names, 'gen_ai.retrieval.documents') THEN
                list_transform(said, lambda value, i: CASE WHEN names[i] = 'gen_ai.retrieval.documents' THEN documents_seen(value) ELSE value END)
            ELSE said
        END,
        list_transform(mask, lambda content: NOT content)
    ),
    content_names: CASE WHEN getvariable('protection').content THEN list_where(CASE WHEN odd THEN redacted_names(names) ELSE names END, mask) ELSE [] END,
    content_said: CASE WHEN getvariable('protection').content THEN list_where(said, mask) ELSE [] END
}
