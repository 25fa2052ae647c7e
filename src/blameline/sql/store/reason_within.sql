-- The reasons for its end inside of a recorded answer, a comma between them: of messages, completions, Responses and Anthropic's messages.
CREATE OR REPLACE TEMP MACRO reason_within(said) AS (
    CASE WHEN said[1] IN ('[', '{') AND regexp_matches(said, '"(?:finish_reason|stop_reason|incomplete)"') AND json_valid(said) THEN nullif(array_to_string(
        flatten([
            json_extract_string(said, '$[*].finish_reason'),
            json_extract_string(said, '$.choices[*].finish_reason'),
            json_extract_string(said, '$.generations[*][*].generation_info.finish_reason'),
            CASE WHEN json_extract_string(said, '$.type') = 'message'
                THEN [coalesce(json_extract_string(said, '$.stop_reason'), json_extract_string(said, '$.status'))] END,
            CASE WHEN json_extract_string(said, '$.object') = 'response'
                THEN [coalesce(json_extract_string(said, '$.incomplete_details.reason'), json_extract_string(said, '$.status'))] END
        ]),
        ','
    ), '') END
)
