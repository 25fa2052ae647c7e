-- Day by day: requests, those the signal was measured on, and those without a root span.
SELECT date_trunc('day', t.start_at) AS day, count(*) AS requests,
       count(*) FILTER (WHERE t.trace_id IN (SELECT m.trace_id FROM measurements m WHERE m.signal = $signal)) AS measured,
       count(*) FILTER (WHERE NOT t.has_root) AS without_root
FROM traces t
WHERE t.start_at >= $since AND t.start_at < $until
GROUP BY day
ORDER BY day
