-- Keep one manifest.
INSERT INTO manifests VALUES ($record, $file_id)
