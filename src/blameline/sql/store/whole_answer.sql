-- What a provider's whole answer says of itself, where OpenInference kept it as the output of a call: a list of {r, c, v}, as in also_known.
CREATE OR REPLACE TEMP MACRO whole_answer(names, said) AS (
    CASE
        WHEN said_of(names, said, 'openinference.span.kind') = 'LLM' AND contains(said_of(names, said, 'output.value'), '"choices"')
            AND json_valid(said_of(names, said, 'output.value'))
        THEN [
            {r: 50, c: 'gen_ai.response.id', v: json_extract_string(said_of(names, said, 'output.value'), '$.id')},
            {r: 50, c: 'openai.response.system_fingerprint', v: json_extract_string(said_of(names, said, 'output.value'), '$.system_fingerprint')},
            {
                r: 50,
                c: 'gen_ai.response.finish_reasons',
                v: nullif(to_json(list_filter(
                    json_extract_string(said_of(names, said, 'output.value'), '$.choices[*].finish_reason'), lambda reason: reason IS NOT NULL
                ))::VARCHAR, '[]')
            }
        ]
    END
)
