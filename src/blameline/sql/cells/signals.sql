-- Every signal that was measured: how often, on what scale, and whether a versioned judge gave it.
SELECT m.signal, count(*) AS n, avg(m.value) AS mean, min(m.value) AS low, max(m.value) AS high,
       coalesce(stddev_pop(m.value), 0) AS spread, count(m.judge) AS judged, count(DISTINCT m.judge) AS judges
FROM measurements m
JOIN traces t USING (trace_id)
WHERE t.start_at >= $since AND t.start_at < $until
GROUP BY m.signal
ORDER BY m.signal
