-- Whether a call failed and brought nothing: the one model that such a span of an older dialect names is the one that was asked for.
CREATE OR REPLACE TEMP MACRO failed_without_answer(status, names, said) AS (
    coalesce(status = 'error', FALSE) AND coalesce(
        nullif(said_of(names, said, 'llm.output_messages.0.message.content'), ''),
        nullif(said_of(names, said, 'langfuse.observation.output'), ''),
        nullif(said_of(names, said, 'llm.token_count.completion'), '0'),
        nullif(said_of(names, said, 'gen_ai.usage.output_tokens'), '0')
    ) IS NULL
)
