-- Keep what one file tells of something that others may tell the rest of.
INSERT INTO pieces
SELECT unnest($piece::VARCHAR[]), unnest($line::BIGINT[]), $file_id
