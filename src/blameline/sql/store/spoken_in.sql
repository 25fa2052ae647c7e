-- Where the words of an answer are: in parts, in messages, or in plain text; nowhere where it calls tools instead.
CREATE OR REPLACE TEMP MACRO spoken_in(said) AS (
    CASE
        WHEN said[1] = '[' AND json_valid(said) THEN CASE
            WHEN json_exists(said, '$[0].parts') THEN {parts: json_extract(said, '$[*].parts[*]'), messages: NULL, plain: NULL}
            WHEN json_exists(said, '$[0].role') THEN {parts: NULL, messages: json_extract(said, '$[*]'), plain: NULL}
            WHEN said <> '[]' AND NOT json_exists(said, '$[0].toolCallId') THEN {parts: NULL, messages: NULL, plain: said}
        END
        WHEN said[1] = '{' AND json_valid(said) THEN CASE
            WHEN json_exists(said, '$.choices[0].message') THEN {parts: NULL, messages: json_extract(said, '$.choices[*].message'), plain: NULL}
            WHEN json_exists(said, '$.generations[0][0].text') THEN {parts: json_extract(said, '$.generations[*][*].text'), messages: NULL, plain: NULL}
            WHEN json_extract_string(said, '$.object') = 'response' THEN {parts: json_extract(said, '$.output[*].content[*]'), messages: NULL, plain: NULL}
            WHEN json_exists(said, '$.content[0].type') OR json_exists(said, '$.content[0].text') OR (
                json_extract_string(said, '$.role') IN ('assistant', 'model')
                AND (json_exists(said, '$.content') OR json_exists(said, '$.parts') OR is_called(said))
            ) THEN {parts: NULL, messages: [said::JSON], plain: NULL}
            ELSE {
                parts: NULL, messages: NULL, plain: coalesce(json_extract_string(said, '$.content'), json_extract_string(said, '$.text'), said)
            }
        END
        ELSE {parts: NULL, messages: NULL, plain: said}
    END
)
