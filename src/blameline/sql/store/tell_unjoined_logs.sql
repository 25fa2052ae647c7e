-- Say of each file how many of its log records belong to no span.
INSERT INTO problems
SELECT f.source, NULL, count(*)::VARCHAR || ' log records of questions and answers belong to no span that was loaded', NULL
FROM logs l
ANTI JOIN span_rows s ON s.trace_id = l.trace_id AND s.span_id = l.span_id
JOIN (SELECT file_id, min(source) AS source FROM files GROUP BY file_id) f USING (file_id)
GROUP BY f.source
