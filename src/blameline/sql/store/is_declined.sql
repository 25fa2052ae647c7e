-- Whether a recorded answer is declared to be a refusal by the provider itself, whatever its words are.
CREATE OR REPLACE TEMP MACRO is_declined(said) AS (
    CASE WHEN said[1] IN ('[', '{') AND contains(said, '"refusal"') AND json_valid(said) THEN coalesce(
        list_contains(
            flatten([
                json_extract_string(said, '$[*].parts[*].type'), json_extract_string(said, '$[*].content[*].type'), json_extract_string(said, '$.parts[*].type'),
                json_extract_string(said, '$.content[*].type'), json_extract_string(said, '$.output[*].content[*].type'),
                json_extract_string(said, '$.choices[*].message.content[*].type')
            ]),
            'refusal'
        ) OR array_to_string(
            flatten([
                CASE WHEN json_exists(said, '$[0].role') THEN json_extract_string(said, '$[*].refusal') END,
                CASE WHEN json_exists(said, '$.role') THEN [json_extract_string(said, '$.refusal')] END,
                json_extract_string(said, '$.choices[*].message.refusal'),
                json_extract_string(said, '$.generations[*][*].message.kwargs.additional_kwargs.refusal')
            ]),
            ''
        ) <> '',
        FALSE
    ) ELSE FALSE END
)
