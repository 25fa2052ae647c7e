-- Every signal, by judge, before and after one moment: requests and mean.
SELECT m.signal, coalesce(m.judge, '') AS judge, t.start_at >= $onset AS after, count(*) AS n, avg(m.value) AS mean
FROM measurements m
JOIN traces t USING (trace_id)
WHERE t.start_at >= $since AND t.start_at < $until
GROUP BY ALL
ORDER BY ALL
