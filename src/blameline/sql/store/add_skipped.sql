-- Note files that were passed over.
INSERT INTO files
SELECT unnest($file_ids::BIGINT[]), unnest($sources::VARCHAR[]), 'skipped', '', 0, 0, '', unnest($reasons::VARCHAR[])
