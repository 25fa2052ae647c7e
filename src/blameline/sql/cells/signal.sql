-- The signal that the view `signal` shows: on how many requests, its mean, and its mean since one moment.
SELECT count(s.value) AS n, avg(s.value) AS mean, avg(s.value) FILTER (t.start_at >= $late) AS now
FROM signal s
JOIN traces t USING (trace_id)
WHERE t.start_at >= $since AND t.start_at < $until
