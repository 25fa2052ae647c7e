-- The last question that a user put among the messages of a call, given as JSON; NULL where there is none.
CREATE OR REPLACE TEMP MACRO question_of(given) AS (
    list_transform(
        [list_filter(
            coalesce(nullif(json_extract(given, '$[*]'), []), json_extract(given, '$.messages[*]')),
            lambda message: message ->> '$.role' IN ('user', 'human')
        )[-1]],
        lambda message: coalesce(
            nullif(array_to_string(json_extract_string(message, '$.parts[*].content'), ' '), ''),
            nullif(array_to_string(json_extract_string(message, '$.content[*].text'), ' '), ''),
            message ->> '$.content'
        )
    )[1]
)
