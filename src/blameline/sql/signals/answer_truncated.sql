-- Share of requests with a generation that was cut off by the token limit.  better: lower  unit: share  family: behaviour
INSERT INTO measurements
SELECT trace_id, 'answer_truncated', NULL, max((finish = 'length')::INTEGER)
FROM span_rows
WHERE finish IS NOT NULL
GROUP BY trace_id
