-- A row's values, behind them its names where `odd` says that they need a closer look, and last some words that stand beside: all without anything
-- sensitive in them, after one look at the whole, and nothing at all of values whose names say that they are secret. NULL where nothing is to be
-- changed, as in nearly every row: a copy of all its texts would cost more than the look.
CREATE OR REPLACE TEMP MACRO redacted_values(odd, names, said, words) AS (
    CASE
        WHEN odd OR regexp_matches(
            concat_ws(chr(10), array_to_string(said, chr(10)), array_to_string(words, chr(10))),  -- a list of NULLs is NULL as text
            getvariable('protection').sensitive
        ) THEN
            list_transform(
                list_transform(list_concat(said, CASE WHEN odd THEN names ELSE [] END, words), lambda value, i: CASE
                    WHEN odd AND regexp_matches(names[i], getvariable('protection').secret_names) THEN '[redacted]'
                    ELSE redacted(value)
                END),
                lambda clean, i: CASE
                    WHEN names[i] IN ('gen_ai.response.id', 'gen_ai.conversation.id', 'session.id', 'user.id') AND clean <> '[redacted]'
                        THEN joining_id(said[i], clean)
                    ELSE clean
                END
            )
    END
)
