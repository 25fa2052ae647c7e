-- Say of each file how many of its scores belong to no trace.
INSERT INTO problems
SELECT files.source, NULL, count(*)::VARCHAR || ' scores belong to no trace that was loaded'
FROM scores
JOIN files USING (file_id)
WHERE scores.trace_id IS NULL
GROUP BY files.source
