-- Where a generation's answer is, in whichever dialect it was recorded; NULL where it was not recorded, or the span is none.
CREATE OR REPLACE TEMP MACRO answer_of(op, names, said) AS (
    CASE WHEN is_generation(op) THEN coalesce(
        said_of(names, said, 'gen_ai.output.messages'),
        said_of(names, said, 'gen_ai.completion.0.content'),
        said_of(names, said, 'llm.output_messages.0.message.content'),
        said_of(names, said, 'ai.response.text'),
        said_of(names, said, 'langfuse.observation.output'),
        said_of(names, said, 'output.value'),
        said_of(names, said, 'mlflow.spanOutputs'),
        said_of(names, said, 'traceloop.entity.output'),
        said_of(names, said, 'gen_ai.completion'),
        said_of(names, said, 'output'),
        said_of(names, said, 'answer'),
        said_of(names, said, 'completion')
    ) END
)
