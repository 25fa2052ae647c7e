-- Note another name for a file that was read.
INSERT INTO files
SELECT file_id, $source, format, sha256, bytes, rows, read_with, NULL
FROM files
WHERE file_id = $file_id AND NOT EXISTS (SELECT 1 FROM files WHERE file_id = $file_id AND source = $source)
LIMIT 1
