-- Take back the spans of one file.
DELETE FROM span_rows WHERE file_id = $file_id
