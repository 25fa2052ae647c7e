-- The signal in the three days before and after one moment: requests and mean.
SELECT t.start_at >= $starts AS after, count(*) AS n, avg(m.value) AS mean
FROM measurements m
JOIN traces t USING (trace_id)
WHERE m.signal = $signal AND t.start_at >= greatest($since, $starts::TIMESTAMP - INTERVAL 3 DAY)
  AND t.start_at < least($until, $starts::TIMESTAMP + INTERVAL 3 DAY)
GROUP BY after
ORDER BY after
