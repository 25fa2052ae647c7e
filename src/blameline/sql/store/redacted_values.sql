-- The same for values, and whatever else stands behind them; nothing at all is left of those whose names say that they are secret, where `odd` says
-- that there are such.
CREATE OR REPLACE TEMP MACRO redacted_values(odd, names, said) AS (
    CASE
        WHEN odd OR regexp_matches(array_to_string(said, chr(10)), getvariable('protection').sensitive) THEN
            list_transform(said, lambda value, i: CASE
                WHEN odd AND regexp_matches(names[i], getvariable('protection').secret_names) THEN '[redacted]'
                ELSE redacted(value)
            END)
        ELSE said
    END
)
