-- The cells of the signal that the view `signal` shows: time bucket x layer versions x segment -> n, sum, sum of squares.
-- Sums run over whole millionths, so that the same rows give the same bits whatever thread adds them.
SELECT (epoch_us(t.start_at) - epoch_us($since::TIMESTAMP)) // ($width::BIGINT * 1000000) AS bucket, t.version_id, t.segment_id,
       count(*) AS n, sum(round(s.value * 1e6)::HUGEINT)::DOUBLE / 1e6 AS total,
       sum(round(s.value * s.value * 1e6)::HUGEINT)::DOUBLE / 1e6 AS square
FROM signal s
JOIN traces t USING (trace_id)
WHERE s.value IS NOT NULL AND t.start_at >= $since AND t.start_at < $until
GROUP BY bucket, t.version_id, t.segment_id
ORDER BY bucket, t.version_id, t.segment_id
