-- Take back what one file brought: changes.
DELETE FROM changes WHERE file_id = $file_id
