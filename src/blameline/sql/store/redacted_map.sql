-- A map of names and values without anything sensitive in it.
CREATE OR REPLACE TEMP MACRO redacted_map(attributes) AS (
    CASE
        WHEN getvariable('protection').sensitive IS NULL THEN attributes
        ELSE first_of_each(redacted_names(map_keys(attributes)), redacted_values(TRUE, map_keys(attributes), map_values(attributes)))
    END
)
