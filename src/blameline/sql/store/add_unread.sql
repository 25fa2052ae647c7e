-- Note the faults of many files.
INSERT INTO problems
SELECT DISTINCT redacted(source), NULL::BIGINT, redacted(message), file_id
FROM (SELECT unnest($sources::VARCHAR[]) AS source, unnest($messages::VARCHAR[]) AS message, unnest($file_ids::BIGINT[]) AS file_id)
