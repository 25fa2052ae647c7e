-- By contract and day of a period: how many requests were measured, and how many kept it.
SELECT k.signal, date_trunc('day', t.start_at) AS day, count(*) AS n, sum(k.value)::BIGINT AS k
FROM keeping k
JOIN traces t ON t.trace_id = k.trace_id
WHERE t.start_at >= $since AND t.start_at < $until
GROUP BY ALL
ORDER BY ALL
