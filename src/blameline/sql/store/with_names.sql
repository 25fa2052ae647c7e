-- The names of a row with the canonical ones that were found for it.
CREATE OR REPLACE TEMP MACRO with_names(names, added) AS (
    CASE WHEN added IS NULL THEN names ELSE list_concat(names, list_transform(added, lambda a: a.c)) END
)
