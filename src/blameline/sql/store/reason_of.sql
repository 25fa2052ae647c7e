-- The reasons that a generation gives for its end, as it gives them.
CREATE OR REPLACE TEMP MACRO reason_of(names, said) AS (
    coalesce(said_of(names, said, 'gen_ai.response.finish_reasons'), said_of(names, said, 'gen_ai.response.finish_reason'))
)
