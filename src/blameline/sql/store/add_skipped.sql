-- Note a file that was passed over, once.
INSERT INTO files
SELECT (SELECT coalesce(max(file_id), 0) + 1 FROM files), $source, 'skipped', '', 0, 0, $reason
WHERE NOT EXISTS (SELECT 1 FROM files WHERE source = $source AND format = 'skipped' AND reason = $reason)
