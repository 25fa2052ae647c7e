-- A span's names and values in two parts, facts and content, as far as they may be kept; a name without a value is none.
CREATE OR REPLACE TEMP MACRO span_parts(names, said, mask) AS {
    names: list_where(names, list_transform(mask, lambda content, i: NOT content AND said[i] IS NOT NULL)),
    said: list_where(said, list_transform(mask, lambda content, i: NOT content AND said[i] IS NOT NULL)),
    content_names: CASE WHEN getvariable('protection').content THEN list_where(names, list_transform(mask, lambda content, i: content AND said[i] IS NOT NULL)) ELSE [] END,
    content_said: CASE WHEN getvariable('protection').content THEN list_where(said, list_transform(mask, lambda content, i: content AND said[i] IS NOT NULL)) ELSE [] END
}
