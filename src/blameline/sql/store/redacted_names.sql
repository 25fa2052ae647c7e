-- Names without anything sensitive in them: some hold a key or an address.
CREATE OR REPLACE TEMP MACRO redacted_names(names) AS (
    CASE
        WHEN regexp_matches(array_to_string(names, chr(10)), getvariable('protection').sensitive) THEN list_transform(names, lambda name: redacted(name))
        ELSE names
    END
)
