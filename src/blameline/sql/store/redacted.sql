-- A text without secrets, addresses and card numbers; the patterns are the session's variables, and NULL where nothing is to be redacted.
-- Each pattern is to stand here once: laying it out is a good part of planning a statement.
CREATE OR REPLACE TEMP MACRO redacted(said) AS (
    CASE
        WHEN regexp_matches(said, getvariable('protection').sensitive) THEN rejoined(said, json_marked(said), without_cards(
            regexp_replace(
                regexp_replace(json_marked(said), getvariable('protection').secrets, '[secret]', 'g'),
                getvariable('protection').addresses, '[e-mail]', 'g'
            ),
            said
        ))
        ELSE said
    END
)
