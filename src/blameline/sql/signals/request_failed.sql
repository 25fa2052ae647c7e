-- Share of requests whose root span ended in an error, and was not made again.  better: lower  unit: share  family: behaviour
INSERT INTO measurements
WITH telling AS (  -- formats that say how a request ended: where they do not, it did not fail
    SELECT DISTINCT f.format
    FROM (SELECT DISTINCT file_id FROM span_rows WHERE status IS NOT NULL) s
    JOIN files f USING (file_id)
),
ends AS (
    SELECT file_id, bool_or(format IN (SELECT format FROM telling)) AS telling FROM files GROUP BY file_id
)
SELECT s.trace_id, 'request_failed', NULL, max(coalesce(s.status = 'error', FALSE)::INTEGER)
FROM span_rows s
JOIN ends e USING (file_id)
ANTI JOIN retried r ON r.trace_id = s.trace_id AND r.span_id = s.span_id
WHERE s.parent_id IS NULL AND e.telling
GROUP BY s.trace_id
