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
                WHEN json_exists(said, '$[0].role') THEN words_of(parts_of(json_extract(said, '$[*]')))
                WHEN said <> '[]' AND NOT json_exists(said, '$[0].toolCallId') THEN said
            END
        )
        WHEN said[1] = '{' AND json_valid(said) THEN CASE
            WHEN json_exists(said, '$.choices[0].message') THEN words_of(parts_of(json_extract(said, '$.choices[*].message')))
            WHEN json_exists(said, '$.generations[0][0].text') THEN words_of(json_extract(said, '$.generations[*][*].text'))
            WHEN json_extract_string(said, '$.object') = 'response' THEN words_of(json_extract(said, '$.output[*].content[*]'))
            WHEN json_exists(said, '$.content[0].type') OR json_exists(said, '$.content[0].text') THEN words_of(parts_of([said::JSON]))
            WHEN json_extract_string(said, '$.role') IN ('assistant', 'model')
                AND (json_exists(said, '$.content') OR json_exists(said, '$.parts') OR is_called(said)) THEN words_of(parts_of([said::JSON]))
            ELSE coalesce(json_extract_string(said, '$.content'), json_extract_string(said, '$.text'), said)
        END
        ELSE said
    END, ''),
    CASE WHEN NOT is_called(said) THEN '' END
)
