-- Every file that left something behind, with its names and what decided how it was read; NULL where it left only a fault.
SELECT file_id, max(read_with) AS read_with, coalesce(list(source ORDER BY source) FILTER (WHERE read_with IS NOT NULL), []) AS names
FROM (
    SELECT file_id, read_with, source FROM files
    UNION ALL
    SELECT file_id, NULL, source FROM problems WHERE file_id IS NOT NULL
)
GROUP BY file_id
