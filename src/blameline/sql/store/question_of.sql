-- The last question that a user put, in whichever dialect the input of a call was recorded; NULL where none is on record.
CREATE OR REPLACE TEMP MACRO question_of(names, said) AS (
    list_transform(
        [coalesce(
            said_of(names, said, 'gen_ai.input.messages'), said_of(names, said, 'question'), said_of(names, said, 'gen_ai.prompt.0.content'),
            said_of(names, said, 'input.value'), said_of(names, said, 'ai.prompt.messages'), said_of(names, said, 'langfuse.observation.input'),
            said_of(names, said, 'mlflow.spanInputs'), said_of(names, said, 'traceloop.entity.input'), said_of(names, said, 'input')
        )],
        lambda given: CASE
            WHEN given[1] IN ('[', '{') AND json_valid(given) THEN list_transform(
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
            ELSE given
        END
    )[1]
)
