-- Take back the log records of one file.
DELETE FROM logs WHERE file_id = $file_id
