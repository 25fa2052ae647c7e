-- Note the faults of a file; what they quote may hold what must not be stored.
INSERT INTO problems
SELECT words[1], line, words[2], $file_id
FROM (
    SELECT line, redacted_texts([source, message]) AS words
    FROM (SELECT unnest($sources::VARCHAR[]) AS source, unnest($lines::BIGINT[]) AS line, unnest($messages::VARCHAR[]) AS message)
)
