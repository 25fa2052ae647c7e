-- Where a generation's answer is, in whichever dialect it was recorded; one without words that calls tools, or says in a name of its own that it refuses,
-- as a message. NULL where it was not recorded, or the span is none.
CREATE OR REPLACE TEMP MACRO answer_of(op, names, said) AS (
    CASE WHEN is_generation(op) THEN coalesce(
        said_of(names, said, 'gen_ai.output.messages'),
        nullif(said_of(names, said, 'gen_ai.completion.0.content'), ''),
        nullif(said_of(names, said, 'llm.output_messages.0.message.content'), ''),
        nullif(said_of(names, said, 'ai.response.text'), ''),
        said_of(names, said, 'langfuse.observation.output'),
        said_of(names, said, 'output.value'),
        said_of(names, said, 'mlflow.spanOutputs'),
        said_of(names, said, 'traceloop.entity.output'),
        CASE WHEN list_contains(names, 'langsmith.span.kind') AND starts_with(said_of(names, said, 'gen_ai.completion'), '{"output":')
            THEN json_extract_string(said_of(names, said, 'gen_ai.completion'), '$.output')
            ELSE said_of(names, said, 'gen_ai.completion')
        END,
        said_of(names, said, 'output'),
        said_of(names, said, 'answer'),
        said_of(names, said, 'completion'),
        CASE WHEN regexp_matches(array_to_string(names, ' '), '(?:^| )(?:ai\.response\.|gen_ai\.completion\.|llm\.output_messages\.)') THEN coalesce(
            said_of(names, said, 'ai.response.object'),
            nullif(said_of(names, said, 'ai.response.toolCalls'), '[]'),
            said_of(names, said, 'llm.output_messages.0.message.contents.0.message_content.text'),
            CASE WHEN said_of(names, said, 'gen_ai.completion.0.refusal') <> '' THEN to_json([{
                'role': 'assistant', 'parts': [{'type': 'refusal', 'content': said_of(names, said, 'gen_ai.completion.0.refusal')}]
            }])::VARCHAR END,
            CASE WHEN regexp_matches(
                array_to_string(names, ' '),
                '(?:^| )(?:gen_ai\.completion\.\d+|llm\.output_messages\.\d+\.message)\.(?:tool_calls\.|function_call)'
            ) THEN '[{"role":"assistant","parts":[{"type":"tool_call"}]}]' END,
            said_of(names, said, 'gen_ai.completion.0.content'),
            said_of(names, said, 'llm.output_messages.0.message.content'),
            said_of(names, said, 'ai.response.text')
        ) END
    ) END
)
