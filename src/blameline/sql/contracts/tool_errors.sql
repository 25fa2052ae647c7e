-- Whether no call of a tool in the request failed for good; only of files whose format says how a call ended.
INSERT INTO keeping
WITH telling AS (
    SELECT DISTINCT f.format
    FROM (SELECT DISTINCT file_id FROM span_rows WHERE status IS NOT NULL) s
    JOIN files f USING (file_id)
),
ends AS (SELECT file_id FROM files SEMI JOIN telling USING (format) GROUP BY file_id)
SELECT s.trace_id, $signal, bool_and(s.status IS DISTINCT FROM 'error')::INTEGER
FROM span_rows s
SEMI JOIN ends e ON e.file_id = s.file_id
SEMI JOIN in_scope i ON i.trace_id = s.trace_id
ANTI JOIN retried r ON r.trace_id = s.trace_id AND r.span_id = s.span_id
WHERE s.op = 'execute_tool' AND ($span::VARCHAR IS NULL OR s.name = $span)
GROUP BY s.trace_id
