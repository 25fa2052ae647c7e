-- The words in an answer: those of its messages where it is a JSON list or object of them, or the text as it is; '' where its messages have none, and NULL
-- where they call tools instead.
CREATE OR REPLACE TEMP MACRO message_text(said) AS coalesce(
    nullif(CASE
        WHEN said[1] = '[' AND json_valid(said) THEN coalesce(
            CASE  -- nearly always: no part but of text
                WHEN NOT regexp_matches(said, '"type"\s*:\s*"(?:[^t]|t[^e]|te[^x])')
                    THEN nullif(array_to_string(json_extract_string(said, '$[*].parts[*].content'), ' '), '')
            END,
            CASE
                WHEN json_exists(said, '$[0].parts') THEN words_of(json_extract(said, '$[*].parts[*]'))
                WHEN json_exists(said, '$[0].role') THEN nullif(json_extract_string(said, '$[*].content'), []).array_to_string(' ')
                WHEN said <> '[]' THEN said
            END
        )
        WHEN said[1] = '{' AND json_valid(said) THEN coalesce(
            nullif(array_to_string(json_extract_string(said, '$.choices[*].message.content'), ' '), ''),
            nullif(array_to_string(json_extract_string(said, '$.content[*].text'), ' '), ''),
            nullif(array_to_string(json_extract_string(said, '$.generations[*][*].text'), ' '), ''),
            CASE WHEN json_exists(said, '$.choices[0].message') OR json_exists(said, '$.content[0]') THEN NULL ELSE json_extract_string(said, '$.content') END,
            json_extract_string(said, '$.text'),
            CASE WHEN NOT (json_exists(said, '$.choices[0].message') OR json_exists(said, '$.content[0]')) THEN said END
        )
        ELSE said
    END, ''),
    CASE WHEN NOT is_called(said) THEN '' END
)
