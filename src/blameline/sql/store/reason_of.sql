-- The first reason that a generation gives for its end; a JSON list is opened.
CREATE OR REPLACE TEMP MACRO reason_of(names, said) AS (
    lower(trim(split_part(
        coalesce(said_of(names, said, 'gen_ai.response.finish_reasons'), said_of(names, said, 'gen_ai.response.finish_reason')), ',', 1
    ), '[]"'' '))
)
