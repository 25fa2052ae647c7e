-- Say of each file how many of its scores belong to no trace.
INSERT INTO problems
SELECT f.source, NULL, count(*)::VARCHAR || ' scores belong to no trace that was loaded', NULL
FROM scores s
JOIN (SELECT file_id, min(source) AS source FROM files GROUP BY file_id) f USING (file_id)
WHERE s.trace_id IS NULL
GROUP BY f.source
