-- Such an attribute by day of the window and segment: requests, and sum in whole millionths.
WITH told AS (
    SELECT t.trace_id, t.start_at, t.segment_id, max(try_cast(s.said[list_position(s.names, $name)] AS DOUBLE)) AS score
    FROM span_rows s
    JOIN traces t USING (trace_id)
    WHERE list_contains(s.names, $name) AND t.start_at >= $since AND t.start_at < $until
    GROUP BY t.trace_id, t.start_at, t.segment_id
)
SELECT (epoch_us(start_at) - epoch_us($since::TIMESTAMP)) // 86400000000 AS day, segment_id, count(*) AS n,
       sum(round(greatest(least(score, 1000), -1000) * 1e6)::HUGEINT)::DOUBLE / 1e6 AS total
FROM told
WHERE score IS NOT NULL AND isfinite(score)
GROUP BY day, segment_id
ORDER BY day, segment_id
