-- Take back what one file brought: contracts.
DELETE FROM contracts WHERE file_id = $file_id
