-- Note the faults of a file.
INSERT INTO problems
SELECT unnest($sources::VARCHAR[]), unnest($lines::BIGINT[]), unnest($messages::VARCHAR[]), $file_id
