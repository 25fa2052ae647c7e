-- Every signal that was measured: how often, on what scale, whether a versioned judge gave it, and whether it is a score in the data.
SELECT m.signal, count(*) AS n, avg(m.value) AS mean, min(m.value) AS low, max(m.value) AS high,
       coalesce(stddev_pop(m.value), 0) AS spread, count(m.judge) AS judged, count(DISTINCT m.judge) AS judges,
       m.signal IN (SELECT name FROM scores) AS scored
FROM measurements m
JOIN traces t USING (trace_id)
WHERE t.start_at >= $since AND t.start_at < $until
GROUP BY m.signal
ORDER BY m.signal
