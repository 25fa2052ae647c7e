-- Every incident.yaml, in the order of their names: what a later one says wins.
SELECT m.record
FROM manifests m
LEFT JOIN (SELECT file_id, min(source) AS source FROM files GROUP BY file_id) f USING (file_id)
ORDER BY f.source NULLS LAST, m.record
