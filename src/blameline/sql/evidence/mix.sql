-- Each segment's share of the traffic and level of the signal, before and after the onset.
SELECT s.segment, t.start_at >= $onset AS after, count(*) AS n, avg(m.value) AS mean
FROM measurements m
JOIN traces t USING (trace_id)
JOIN segment_sets s USING (segment_id)
WHERE m.signal = $signal AND t.start_at >= $since AND t.start_at < $until
GROUP BY s.segment, s.segment_id, after
ORDER BY s.segment_id, after
