-- Every file that was looked at.
SELECT file_id, source, format, sha256, bytes, rows, reason FROM files ORDER BY source, format, file_id
