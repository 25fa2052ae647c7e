-- Note a file that was read.
INSERT INTO files VALUES ($file_id, $source, $format, $sha256, $bytes, $rows, $read_with, NULL)
