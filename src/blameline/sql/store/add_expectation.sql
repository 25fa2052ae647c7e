-- Keep what an export says of itself.
INSERT INTO expectations VALUES ($key, $rows, $file_id)
