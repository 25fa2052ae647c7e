-- Take back what one file told of something that others may tell the rest of.
DELETE FROM pieces WHERE file_id = $file_id
