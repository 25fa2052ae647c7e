-- The mean of every signal since one moment.
SELECT m.signal, avg(m.value) AS now
FROM measurements m
JOIN traces t USING (trace_id)
WHERE t.start_at >= $late AND t.start_at < $until
GROUP BY m.signal
ORDER BY m.signal
