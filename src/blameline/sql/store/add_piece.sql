-- Keep what one file tells of something that others may tell the rest of.
INSERT INTO pieces
SELECT redacted_texts([piece])[1], line, $file_id
FROM (SELECT unnest($piece::VARCHAR[]) AS piece, unnest($line::BIGINT[]) AS line)
