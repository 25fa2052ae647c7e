-- Note other names of files that were read.
INSERT INTO files
SELECT known.file_id, told.source, known.format, known.sha256, known.bytes, known.rows, known.read_with, NULL
FROM (
    SELECT DISTINCT unnest($file_ids::BIGINT[]) AS file_id, unnest($sources::VARCHAR[]) AS source
) AS told
JOIN (SELECT DISTINCT ON (file_id) * FROM files ORDER BY file_id, source) AS known USING (file_id)
ANTI JOIN files AS there ON there.file_id = told.file_id AND there.source = told.source
