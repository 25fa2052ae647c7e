-- Files that an export says it wrote, and how many rows of each came.
WITH promised AS (
    SELECT e.key, regexp_replace(e.key, '\.(gz|zst)$', '') AS path, max(e.rows) AS rows, min(f.source) AS told_by
    FROM expectations e
    LEFT JOIN files f USING (file_id)
    GROUP BY e.key
),
there AS (SELECT regexp_replace(source, '\.(gz|zst)$', '') AS path, rows FROM files WHERE format <> 'skipped'),
met AS (
    SELECT p.key, max(t.rows) AS came
    FROM promised p
    JOIN there t ON t.path = p.path OR ends_with(p.path, '/' || t.path) OR ends_with(t.path, '/' || p.path)
    GROUP BY p.key
)
SELECT p.key, p.told_by, p.rows, m.came FROM promised p LEFT JOIN met m USING (key) ORDER BY p.key
