-- The cells of one signal: time bucket x layer versions x segment x judge -> n, sum, sum of squares.
-- Sums run over whole parts (eight digits of the largest value), so that the same rows give the same bits whatever thread adds them.
WITH unit AS (
    SELECT pow(10, 8 - ceil(log10(greatest(max(abs(value)), 1e-200)))) AS per_unit FROM measurements WHERE signal = $signal
)
SELECT (epoch_us(t.start_at) - epoch_us($since::TIMESTAMP)) // ($width::BIGINT * 1000000) AS bucket, t.version_id, t.segment_id, m.judge,
       count(*) AS n, sum(CAST(round(m.value * u.per_unit) AS HUGEINT))::DOUBLE / u.per_unit AS total,
       sum(CAST(round(m.value * m.value * u.per_unit * u.per_unit) AS HUGEINT))::DOUBLE / u.per_unit / u.per_unit AS square
FROM measurements m
JOIN traces t USING (trace_id)
CROSS JOIN unit u
WHERE m.signal = $signal AND t.start_at >= $since AND t.start_at < $until
GROUP BY bucket, t.version_id, t.segment_id, m.judge, u.per_unit
ORDER BY bucket, t.version_id, t.segment_id, m.judge NULLS FIRST
