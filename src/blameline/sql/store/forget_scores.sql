-- Take back the scores of one file.
DELETE FROM scores WHERE file_id = $file_id
