-- Tokens and characters of answered generations by each version of the instrumentation that their spans name: how many, and the logs' means and spreads.
WITH told AS (
    SELECT
        start_at, input_tokens, output_tokens, output_chars,
        unnest($names::VARCHAR[]) AS attribute,
        unnest(list_transform($names::VARCHAR[], lambda name: said_of(names, said, name))) AS value
    FROM span_rows
    WHERE len(list_intersect(names, $names::VARCHAR[])) > 0 AND output_tokens > 0 AND output_chars > 0
)
SELECT
    attribute, value, min(start_at) AS first_seen, max(start_at) AS last_seen, count(*) AS n,
    avg(ln(output_tokens)) AS output_mean, coalesce(var_pop(ln(output_tokens)), 0) AS output_spread,
    avg(ln(greatest(input_tokens, 1))) AS input_mean, coalesce(var_pop(ln(greatest(input_tokens, 1))), 0) AS input_spread,
    avg(ln(output_chars)) AS chars_mean, coalesce(var_pop(ln(output_chars)), 0) AS chars_spread
FROM told
WHERE value IS NOT NULL
GROUP BY attribute, value
ORDER BY attribute, first_seen, value
LIMIT 200
