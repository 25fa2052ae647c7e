-- Say of each file of a format that it was read before the manifest said otherwise.
INSERT INTO problems
SELECT DISTINCT source, NULL::BIGINT, 'it was read before incident.yaml said how; load it again', NULL::BIGINT
FROM files
WHERE format = $format AND read_with <> $read_with
