-- Note the faults of many files.
INSERT INTO problems
SELECT DISTINCT words[1], NULL::BIGINT, words[2], file_id
FROM (
    SELECT file_id, redacted_texts([source, message]) AS words
    FROM (SELECT unnest($sources::VARCHAR[]) AS source, unnest($messages::VARCHAR[]) AS message, unnest($file_ids::BIGINT[]) AS file_id)
)
