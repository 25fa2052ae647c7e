-- A text without secrets, addresses and card numbers; the patterns are the session's variables, and NULL where nothing is to be redacted.
-- Each pattern is to stand here once, and what is made of the text is named once, in a list of one: laying it out is a good part of planning a
-- statement.
CREATE OR REPLACE TEMP MACRO redacted(said) AS (
    CASE
        WHEN regexp_matches(said, getvariable('protection').sensitive) THEN list_transform(
            [{said: said, marked: json_marked(said)}],
            lambda one: rejoined(one.said, one.marked, without_cards(
                regexp_replace(
                    regexp_replace(one.marked, getvariable('protection').secrets, '[secret]', 'g'),
                    getvariable('protection').addresses, '[e-mail]', 'g'
                ),
                one.said
            ))
        )[1]
        ELSE said
    END
)
