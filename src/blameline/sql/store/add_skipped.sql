-- Note a file that was passed over, once.
INSERT INTO files
SELECT $file_id, $source, 'skipped', '', 0, 0, '', $reason
WHERE NOT EXISTS (SELECT 1 FROM files WHERE file_id = $file_id)
