-- How many requests carried each layer version before, during and after the shift.
SELECT e.key AS key, e.value AS value,
       CASE WHEN t.start_at < $begin THEN 'before' WHEN t.start_at < $finish THEN 'during' ELSE 'after' END AS phase,
       count(*) AS n
FROM traces t
JOIN version_sets v USING (version_id),
     LATERAL (SELECT unnest(map_entries(v.versions)) AS e)
WHERE t.start_at >= $since AND t.start_at < $until
GROUP BY ALL
UNION ALL
SELECT e.key, e.value,
       CASE WHEN t.start_at < $begin THEN 'before' WHEN t.start_at < $finish THEN 'during' ELSE 'after' END, count(*)
FROM measurements m
JOIN traces t USING (trace_id)
JOIN rulers r ON r.judge = m.judge,
     LATERAL (SELECT unnest(map_entries(r.versions)) AS e)
WHERE t.start_at >= $since AND t.start_at < $until
GROUP BY ALL
ORDER BY ALL
