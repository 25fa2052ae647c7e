-- The scores of one signal by the request's time, in microseconds since the window's start, with the number of their judge and the segment set, oldest first.
WITH numbered AS (
    SELECT judge, row_number() OVER (ORDER BY judge) - 1 AS number FROM rulers
)
SELECT epoch_us(t.start_at) - epoch_us($since::TIMESTAMP) AS began, n.number AS version_id, t.segment_id
FROM measurements m
JOIN traces t USING (trace_id)
JOIN numbered n USING (judge)
ANTI JOIN rescored r ON r.trace_id = m.trace_id AND r.signal = m.signal AND NOT r.frozen
WHERE m.signal = $signal AND t.start_at >= $since AND t.start_at < $until
ORDER BY t.start_at, t.trace_id, n.number
