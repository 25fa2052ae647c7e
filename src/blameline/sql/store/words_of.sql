-- The words among the parts of messages: what is text, or says that it refuses; no reasoning, no calls of tools, no files. NULL where there are none.
CREATE OR REPLACE TEMP MACRO words_of(parts) AS nullif(array_to_string(list_transform(
    list_filter(parts, lambda part: coalesce(json_extract_string(part, '$.type'), 'text') IN ('text', 'output_text', 'refusal')),
    lambda part: CASE
        WHEN json_type(part) = 'VARCHAR' THEN json_extract_string(part, '$')
        ELSE coalesce(json_extract_string(part, '$.content'), json_extract_string(part, '$.text'), json_extract_string(part, '$.refusal'))
    END
), ' '), '')
