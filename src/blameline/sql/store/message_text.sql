-- The words in an answer: those of its messages where it is a JSON list or object of them, or the text as it is; '' where its messages have none, and NULL
-- where they call tools instead. What holds the words is named once, in a list of one: laying it out is a good part of planning a statement.
CREATE OR REPLACE TEMP MACRO message_text(said) AS coalesce(
    nullif(coalesce(
        CASE  -- nearly always: no part but of text
            WHEN said[1] = '[' AND json_valid(said) AND NOT regexp_matches(said, '"type"\s*:\s*"(?:[^t]|t[^e]|te[^x])')
                THEN nullif(array_to_string(json_extract_string(said, '$[*].parts[*].content'), ' '), '')
        END,
        list_transform([spoken_in(said)], lambda found: coalesce(found.plain, words_of(coalesce(found.parts, parts_of(found.messages)))))[1]
    ), ''),
    CASE WHEN NOT is_called(said) THEN '' END
)
