-- Note where files lie.
INSERT INTO places
SELECT told.file_id, told.path
FROM (SELECT DISTINCT unnest($file_ids::BIGINT[]) AS file_id, unnest($paths::VARCHAR[]) AS path) AS told
ANTI JOIN places AS there ON there.file_id = told.file_id AND there.path = told.path
