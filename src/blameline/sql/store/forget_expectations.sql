-- Take back what one file said of others.
DELETE FROM expectations WHERE file_id = $file_id
