-- Note files that were passed over.
INSERT INTO files
SELECT file_id, redacted(source), 'skipped', '', 0, 0, '', redacted(reason)
FROM (
    SELECT unnest($file_ids::BIGINT[]) AS file_id, unnest($sources::VARCHAR[]) AS source, unnest($reasons::VARCHAR[]) AS reason
)
