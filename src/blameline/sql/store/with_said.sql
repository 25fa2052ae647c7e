-- The values of a row with the canonical ones that were found for it.
CREATE OR REPLACE TEMP MACRO with_said(said, added) AS (
    CASE WHEN added IS NULL THEN said ELSE list_concat(said, list_transform(added, lambda a: a.v)) END
)
