-- Take back what one file brought: problems.
DELETE FROM problems WHERE file_id = $file_id
