-- Note the faults of a file; what they quote may hold what must not be stored.
INSERT INTO problems
SELECT redacted(source), line, redacted(message), $file_id
FROM (SELECT unnest($sources::VARCHAR[]) AS source, unnest($lines::BIGINT[]) AS line, unnest($messages::VARCHAR[]) AS message)
