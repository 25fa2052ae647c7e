-- Share of requests with a generation that was cut off by the token limit, and not made again.  better: lower  unit: share  family: behaviour
INSERT INTO measurements
SELECT s.trace_id, 'answer_truncated', NULL, max((s.finish = 'length')::INTEGER)
FROM span_rows s
ANTI JOIN retried r ON r.trace_id = s.trace_id AND r.span_id = s.span_id
WHERE s.finish IS NOT NULL
GROUP BY s.trace_id
