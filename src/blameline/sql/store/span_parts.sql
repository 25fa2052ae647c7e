-- A span's names and values in two parts, facts and content, as far as they may be kept.
CREATE OR REPLACE TEMP MACRO span_parts(names, said, mask) AS {
    names: list_where(names, list_transform(mask, lambda content: NOT content)),
    said: list_where(said, list_transform(mask, lambda content: NOT content)),
    content_names: CASE WHEN getvariable('protection').content THEN list_where(names, mask) ELSE [] END,
    content_said: CASE WHEN getvariable('protection').content THEN list_where(said, mask) ELSE [] END
}
