-- Note the faults of many files.
INSERT INTO problems
SELECT DISTINCT unnest($sources::VARCHAR[]), NULL::BIGINT, unnest($messages::VARCHAR[]), unnest($file_ids::BIGINT[])
