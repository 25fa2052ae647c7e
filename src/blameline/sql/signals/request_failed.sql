-- Share of requests whose root span ended in an error.  better: lower  unit: share  family: behaviour
INSERT INTO measurements
SELECT trace_id, 'request_failed', NULL, max((status = 'error')::INTEGER)
FROM span_rows
WHERE parent_id IS NULL AND status IS NOT NULL
GROUP BY trace_id

