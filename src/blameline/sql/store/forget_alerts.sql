-- Take back the alerts of one file.
DELETE FROM alerts WHERE file_id = $file_id
