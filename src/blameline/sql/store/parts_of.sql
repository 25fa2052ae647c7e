-- The parts of messages; a message of plain text is one, and so is what it says to refuse.
CREATE OR REPLACE TEMP MACRO parts_of(messages) AS flatten(list_transform(messages, lambda message: list_concat(
    json_extract(message, '$.parts[*]'),
    CASE json_type(message, '$.content')
        WHEN 'ARRAY' THEN json_extract(message, '$.content[*]')
        WHEN 'OBJECT' THEN [to_json(json_extract_string(message, '$.content'))]
        ELSE [json_extract(message, '$.content')]
    END,
    [json_extract(message, '$.refusal')]
)))
