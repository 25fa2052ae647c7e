-- The signal that the view `signal` shows, by segment and by days counted from one moment on: requests and sum, in whole millionths
-- so that the same rows give the same bits whatever thread adds them.
SELECT floor((epoch_us(t.start_at) - epoch_us($since_when::TIMESTAMP)) / 86400e6)::BIGINT AS day, t.segment_id,
       count(*) AS n, sum(round(s.value * 1e6)::HUGEINT)::DOUBLE / 1e6 AS total
FROM signal s
JOIN traces t USING (trace_id)
WHERE s.value IS NOT NULL AND t.start_at >= $since AND t.start_at < $until
GROUP BY day, t.segment_id
ORDER BY day, t.segment_id
