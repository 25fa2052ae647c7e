-- The cells of one signal as cells/by_signal has them, each by the turn of the conversation; NULL where no conversation is told.
-- A turn counts the requests of one conversation within twelve hours, so that where the data begins matters little. Beyond 40 all are one.
WITH unit AS (
    SELECT pow(10, 8 - ceil(log10(greatest(max(abs(value)), 1e-200)))) AS per_unit FROM measurements WHERE signal = $signal
),
asked AS (
    SELECT t.trace_id, t.version_id, t.segment_id, t.start_at,
           CASE WHEN f.talk IS NOT NULL THEN least(count(*) OVER (
               PARTITION BY f.talk ORDER BY t.start_at RANGE BETWEEN INTERVAL 12 HOURS PRECEDING AND CURRENT ROW
           ), 40) END AS turn
    FROM traces t
    LEFT JOIN facts f USING (trace_id)
)
SELECT (epoch_us(t.start_at) - epoch_us($since::TIMESTAMP)) // ($width::BIGINT * 1000000) AS bucket, t.version_id, t.segment_id, m.judge,
       coalesce(t.turn, 0) AS turn, count(*) AS n, sum(CAST(round(m.value * u.per_unit) AS HUGEINT))::DOUBLE / u.per_unit AS total,
       sum(CAST(round(m.value * m.value * u.per_unit * u.per_unit) AS HUGEINT))::DOUBLE / u.per_unit / u.per_unit AS square
FROM measurements m
JOIN asked t USING (trace_id)
CROSS JOIN unit u
WHERE m.signal = $signal AND t.start_at >= $since AND t.start_at < $until
GROUP BY bucket, t.version_id, t.segment_id, m.judge, t.turn, u.per_unit
ORDER BY bucket, t.version_id, t.segment_id, m.judge NULLS FIRST, t.turn NULLS FIRST
