-- What the instrumentation says that it dropped, by format: on how many spans, and how many pieces.
WITH formats AS (SELECT file_id, min(format) AS format FROM files WHERE format <> 'skipped' GROUP BY file_id),
told AS (
    SELECT file_id, unnest($names::VARCHAR[]) AS attribute, unnest(list_transform($names::VARCHAR[], lambda name: try_cast(said_of(names, said, name) AS BIGINT))) AS pieces
    FROM span_rows
    WHERE len(list_intersect(names, $names::VARCHAR[])) > 0
)
SELECT f.format, t.attribute, count(*) AS n, sum(t.pieces)::BIGINT AS pieces
FROM told t
JOIN formats f USING (file_id)
WHERE t.pieces > 0
GROUP BY ALL
ORDER BY ALL
