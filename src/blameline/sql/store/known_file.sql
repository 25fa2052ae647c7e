-- Whether a file with this hash was read in this format, and which it was.
SELECT file_id, source FROM files WHERE sha256 = $sha256 AND format = $format ORDER BY file_id
