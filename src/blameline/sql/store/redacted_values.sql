-- A row's values, behind them its names where `odd` says that they need a closer look, and last some words that stand beside: all without anything
-- sensitive in them, after one look at the whole; nothing at all is left of values whose names say that they are secret.
CREATE OR REPLACE TEMP MACRO redacted_values(odd, names, said, words) AS (
    CASE
        WHEN odd OR regexp_matches(array_to_string(list_concat(said, words), chr(10)), getvariable('protection').sensitive) THEN
            list_transform(list_concat(said, CASE WHEN odd THEN names ELSE [] END, words), lambda value, i: CASE
                WHEN odd AND regexp_matches(names[i], getvariable('protection').secret_names) THEN '[redacted]'
                ELSE redacted(value)
            END)
        ELSE list_concat(said, words)
    END
)
