-- The cells of one signal: time bucket x layer versions x segment x judge -> n, sum, sum of squares.
-- Sums run over whole millionths, so that the same rows give the same bits whatever thread adds them.
SELECT (epoch_us(t.start_at) - epoch_us($since::TIMESTAMP)) // ($width::BIGINT * 1000000) AS bucket, t.version_id, t.segment_id, m.judge,
       count(*) AS n, sum(CAST(round(m.value * 1e6) AS HUGEINT))::DOUBLE / 1e6 AS total,
       sum(CAST(round(m.value * m.value * 1e6) AS HUGEINT))::DOUBLE / 1e6 AS square
FROM measurements m
JOIN traces t USING (trace_id)
WHERE m.signal = $signal AND t.start_at >= $since AND t.start_at < $until
GROUP BY ALL
ORDER BY ALL
