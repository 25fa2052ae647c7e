-- Note where files lie; a path that holds what must not be stored is not noted, and its file not read again by itself.
INSERT INTO places
SELECT told.file_id, told.path
FROM (SELECT DISTINCT unnest($file_ids::BIGINT[]) AS file_id, unnest($paths::VARCHAR[]) AS path, unnest($clean::VARCHAR[]) AS clean) AS told
ANTI JOIN places AS there ON there.file_id = told.file_id AND there.path = told.path
WHERE told.path = told.clean
