-- Of the scores of each name, by file: how many belong to no request that is there.
WITH places AS (SELECT file_id, min(source) AS source FROM files GROUP BY file_id),
told AS (
    SELECT s.name, s.file_id, count(*) AS n, count(*) FILTER (WHERE t.trace_id IS NULL) AS unjoined
    FROM scores s
    LEFT JOIN traces t ON t.trace_id = s.trace_id
    GROUP BY s.name, s.file_id
)
SELECT name, source, sum(n)::BIGINT AS n, sum(unjoined)::BIGINT AS unjoined
FROM told
JOIN places USING (file_id)
GROUP BY name, source
HAVING sum(unjoined) > 0
ORDER BY name, source
