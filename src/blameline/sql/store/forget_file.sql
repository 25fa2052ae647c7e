-- Take back that a file was read.
DELETE FROM files WHERE file_id = $file_id
