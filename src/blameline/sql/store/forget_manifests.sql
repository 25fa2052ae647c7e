-- Take back what one file brought: manifests.
DELETE FROM manifests WHERE file_id = $file_id
