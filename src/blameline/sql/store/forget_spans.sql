-- Take back the spans of one file.
DELETE FROM spans WHERE file_id = $file_id
