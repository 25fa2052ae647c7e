-- The model that a call was put to, as a number, since only sameness counts; the one that served where that alone is told.
CREATE OR REPLACE TEMP MACRO asked_model(op, names, said) AS (
    CASE WHEN is_generation(op) THEN md5_number_lower(coalesce(said_of(names, said, 'gen_ai.request.model'), said_of(names, said, 'gen_ai.response.model'))) END
)
