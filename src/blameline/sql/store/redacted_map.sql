-- A map of names and values without anything sensitive in it, and with --content none without what people wrote.
CREATE OR REPLACE TEMP MACRO redacted_map(attributes) AS (
    CASE
        WHEN getvariable('protection').sensitive IS NULL THEN attributes
        WHEN getvariable('protection').content THEN
            first_of_each(redacted_names(map_keys(attributes)), redacted_values(TRUE, map_keys(attributes), map_values(attributes)))
        ELSE map_from_entries(list_filter(
            map_entries(first_of_each(redacted_names(map_keys(attributes)), redacted_values(TRUE, map_keys(attributes), map_values(attributes)))),
            lambda entry: NOT is_old_content(entry.key)
        ))
    END
)
