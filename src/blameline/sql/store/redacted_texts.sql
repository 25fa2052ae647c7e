-- Texts without anything sensitive in them: one look at all, since each place that may redact is a good part of planning a statement.
CREATE OR REPLACE TEMP MACRO redacted_texts(said) AS (
    CASE
        WHEN regexp_matches(array_to_string(said, chr(10)), getvariable('protection').sensitive) THEN list_transform(said, lambda value: redacted(value))
        ELSE said
    END
)
