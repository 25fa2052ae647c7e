-- Say of each file of some formats that it was read before the manifest said otherwise, and could not be read again.
INSERT INTO problems
SELECT DISTINCT f.source, NULL::BIGINT, 'it was read before incident.yaml said how; load it again', NULL::BIGINT
FROM files AS f
JOIN (SELECT unnest($formats::VARCHAR[]) AS format, unnest($read_with::VARCHAR[]) AS read_with) AS told USING (format)
WHERE f.read_with <> told.read_with
