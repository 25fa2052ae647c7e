-- The files of some formats that were read before the manifest said otherwise, and where each may still lie.
SELECT f.file_id, min(f.source) AS source, any_value(f.format) AS format, any_value(f.sha256) AS sha256, list(DISTINCT p.path ORDER BY p.path) AS paths
FROM files AS f
JOIN (SELECT unnest($formats::VARCHAR[]) AS format, unnest($read_with::VARCHAR[]) AS read_with) AS told USING (format)
JOIN places AS p USING (file_id)
WHERE f.read_with <> told.read_with
GROUP BY f.file_id
ORDER BY source
