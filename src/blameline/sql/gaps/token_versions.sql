-- Tokens, characters and time of answered generations by each version of the instrumentation that their spans name: how many, and the
-- logs' means and spreads; of all requests (no segment), and of those of each segment.
WITH told AS (
    SELECT
        trace_id, start_at, input_tokens, output_tokens, output_chars, duration_ms,
        unnest($names::VARCHAR[]) AS attribute,
        unnest(list_transform($names::VARCHAR[], lambda name: said_of(names, said, name))) AS value
    FROM span_rows
    WHERE len(list_intersect(names, $names::VARCHAR[])) > 0 AND output_tokens > 0
),
logs AS (
    SELECT
        t.attribute, t.value, r.segment_id, t.start_at, ln(t.output_tokens) AS output,
        CASE WHEN t.input_tokens > 0 THEN ln(t.input_tokens) END AS input,
        CASE WHEN t.output_chars > 0 THEN ln(t.output_chars) END AS chars,
        CASE WHEN t.duration_ms > 0 THEN ln(t.duration_ms) END AS time
    FROM told t
    JOIN traces r USING (trace_id)
    WHERE t.value IS NOT NULL
)
SELECT
    attribute, value, segment_id, min(start_at) AS first_seen, max(start_at) AS last_seen, count(*) AS n,
    count(output) AS output_n, avg(output) AS output_mean, coalesce(var_pop(output), 0) AS output_spread,
    count(input) AS input_n, avg(input) AS input_mean, coalesce(var_pop(input), 0) AS input_spread,
    count(chars) AS chars_n, avg(chars) AS chars_mean, coalesce(var_pop(chars), 0) AS chars_spread,
    count(time) AS time_n, avg(time) AS time_mean, coalesce(var_pop(time), 0) AS time_spread
FROM logs
GROUP BY GROUPING SETS ((attribute, value), (attribute, value, segment_id))
ORDER BY attribute, segment_id NULLS FIRST, first_seen, value
LIMIT 2000
