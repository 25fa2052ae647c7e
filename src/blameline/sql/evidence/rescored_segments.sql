-- What kind of request each answer was that was scored more than once: one row an answer and attribute.
SELECT r.item, u.attribute, min(s.segment[u.attribute]) AS kind
FROM rescored r
JOIN traces t USING (trace_id)
JOIN segment_sets s USING (segment_id)
CROSS JOIN LATERAL (SELECT unnest(map_keys(s.segment)) AS attribute) u
WHERE r.signal = $signal
GROUP BY r.item, u.attribute
ORDER BY r.item, u.attribute
