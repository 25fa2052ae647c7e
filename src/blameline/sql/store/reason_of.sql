-- The reasons that a generation gives for its end, as it gives them: in attributes of their own, or else inside of its answer.
CREATE OR REPLACE TEMP MACRO reason_of(op, names, said) AS (
    coalesce(
        said_of(names, said, 'gen_ai.response.finish_reasons'),
        said_of(names, said, 'gen_ai.response.finish_reason'),
        CASE WHEN is_generation(op) THEN list_transform([coalesce(
            said_of(names, said, 'gen_ai.output.messages'), said_of(names, said, 'output.value'), said_of(names, said, 'langfuse.observation.output')
        )], lambda answer: reason_within(answer))[1] END
    )
)
