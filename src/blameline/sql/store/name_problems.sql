-- Tell the faults of a file that has several names under the first of them.
UPDATE problems SET source = named.first_name
FROM (SELECT file_id, min(source) AS first_name, list(source) AS every_name FROM files GROUP BY file_id HAVING count(*) > 1) AS named
WHERE problems.file_id = named.file_id AND list_contains(named.every_name, problems.source)
