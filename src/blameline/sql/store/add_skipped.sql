-- Note files that were passed over.
INSERT INTO files
SELECT file_id, words[1], 'skipped', '', 0, 0, '', words[2]
FROM (
    SELECT file_id, redacted_texts([source, reason]) AS words
    FROM (SELECT unnest($file_ids::BIGINT[]) AS file_id, unnest($sources::VARCHAR[]) AS source, unnest($reasons::VARCHAR[]) AS reason)
)
