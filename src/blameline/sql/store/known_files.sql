-- Every file that left something behind, with what decided how it was read; NULL where it left only a fault.
SELECT file_id, max(read_with) AS read_with
FROM (SELECT file_id, read_with FROM files UNION ALL SELECT file_id, NULL FROM problems WHERE file_id IS NOT NULL)
GROUP BY file_id
