-- A text without secrets, addresses and card numbers; the patterns are the session's variables, and NULL where nothing is to be redacted.
CREATE OR REPLACE TEMP MACRO redacted(said) AS (
    CASE
        WHEN regexp_matches(said, getvariable('protection').sensitive) THEN
            without_cards(regexp_replace(
                regexp_replace(said, getvariable('protection').secrets, '[secret]', 'g'), getvariable('protection').addresses, '[e-mail]', 'g'
            ))
        ELSE said
    END
)
