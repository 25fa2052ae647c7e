-- How many requests came from each segment value before, during and after the shift.
SELECT e.key AS key, e.value AS value,
       CASE WHEN t.start_at < $begin THEN 'before' WHEN t.start_at < $finish THEN 'during' ELSE 'after' END AS phase,
       count(*) AS n
FROM traces t
JOIN segment_sets s USING (segment_id),
     LATERAL (SELECT unnest(map_entries(s.segment)) AS e)
WHERE t.start_at >= $since AND t.start_at < $until
GROUP BY ALL
ORDER BY ALL
