-- Tokens that a model was given, those from a cache included: some providers leave them out of the count, and then they are added.
CREATE OR REPLACE TEMP MACRO input_tokens_of(names, said) AS (
    count_of(said_of(names, said, 'gen_ai.usage.input_tokens')) + CASE
        WHEN NOT contains(array_to_string(names, ' '), 'cache') THEN 0
        WHEN said_of(names, said, 'gen_ai.usage.input_tokens_exclude_cache') = 'true'
            OR coalesce(count_of(said_of(names, said, 'gen_ai.usage.cache_read.input_tokens')), 0)
                + coalesce(count_of(said_of(names, said, 'gen_ai.usage.cache_write.input_tokens')), 0)
                > count_of(said_of(names, said, 'gen_ai.usage.input_tokens'))
            OR (said_of(names, said, 'gen_ai.usage.cache_read_input_tokens') IS NOT NULL
                AND said_of(names, said, 'gen_ai.usage.prompt_tokens') IS NULL  -- whoever uses that name has added them
                AND lower(said_of(names, said, 'gen_ai.provider.name')) LIKE '%anthropic%')
            THEN coalesce(count_of(said_of(names, said, 'gen_ai.usage.cache_read.input_tokens')), 0)
                + coalesce(count_of(said_of(names, said, 'gen_ai.usage.cache_write.input_tokens')), 0)
        ELSE 0
    END
)
