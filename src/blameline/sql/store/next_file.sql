-- The number of the next file.
SELECT coalesce(max(file_id), 0) + 1 AS file_id FROM files
