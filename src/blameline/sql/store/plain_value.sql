-- A list or object of OTLP values as plain JSON text; a list of one word and the usual list of words or numbers in one step, all others level by level.
CREATE OR REPLACE TEMP MACRO plain_value(listed, keyed) AS (
    CASE
        WHEN listed IS NULL AND keyed IS NULL THEN NULL
        WHEN keyed IS NULL AND regexp_full_match(listed, '\{"values":\[\{"stringValue":"[^"\\]*"\}\]\}') THEN '[' || listed[27:-4] || ']'
        WHEN keyed IS NULL AND NOT regexp_matches(listed::VARCHAR, '"(?:int|array|kvlist)Value"|"value":\{\}') THEN
            regexp_replace(
                (listed::VARCHAR)[11:-2], '\{"(?:string|double|bool|bytes)Value":("(?:[^"\\]|\\.)*"|[^{}"\[\]]*)\}', '\1', 'g'
            )
        ELSE nested_value(listed, keyed)
    END
)
