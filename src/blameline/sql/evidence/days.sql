-- The days that placebo dates are taken from: the signal by day.
SELECT date_trunc('day', t.start_at) AS day, count(*) AS n, avg(m.value) AS mean
FROM measurements m
JOIN traces t USING (trace_id)
WHERE m.signal = $signal AND t.start_at >= $since AND t.start_at < $until
GROUP BY day
ORDER BY day
