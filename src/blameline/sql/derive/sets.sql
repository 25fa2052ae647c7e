-- What each distinct set of marks means: layer versions from all spans of a trace, segments from its root where it has them.
CREATE TEMP TABLE sets AS
WITH meaning AS (SELECT mark, any_value(op) AS op, any_value(carried) AS carried FROM marks GROUP BY mark),
found AS (SELECT DISTINCT marks, root_mark FROM outlines),
parts AS (SELECT marks, root_mark, unnest(marks) AS mark FROM found),
entries AS (
    SELECT p.marks, p.root_mark, p.mark, m.op, unnest($names::VARCHAR[]) AS attribute, nullif(unnest(m.carried), '') AS value
    FROM parts p JOIN meaning m USING (mark)
),
named AS (
    SELECT e.marks, e.root_mark, r.role, e.value, e.mark = e.root_mark AS from_root,
           CASE WHEN r.role = 'segment' THEN e.attribute
                WHEN r.layer = 'model' AND e.op = 'embeddings' THEN 'retrieval:' || e.attribute
                ELSE r.layer || ':' || e.attribute END AS key
    FROM entries e
    JOIN roles r ON r.attribute = e.attribute
    WHERE e.value IS NOT NULL AND NOT (r.layer = 'model' AND e.op = 'evaluation')
),
resolved AS (
    SELECT marks, root_mark, role, key,
           CASE WHEN role = 'segment' THEN coalesce(min(value) FILTER (WHERE from_root), min(value))
                ELSE string_agg(DISTINCT value, ' + ' ORDER BY value) END AS value
    FROM named
    GROUP BY marks, root_mark, role, key
),
maps AS (
    SELECT marks, root_mark,
           map_from_entries(list({'key': key, 'value': value} ORDER BY key) FILTER (WHERE role = 'layer')) AS versions,
           map_from_entries(list({'key': key, 'value': value} ORDER BY key) FILTER (WHERE role = 'segment')) AS segment
    FROM resolved
    GROUP BY marks, root_mark
)
SELECT f.marks, f.root_mark,
       coalesce(m.versions, map_from_entries([]::STRUCT(key VARCHAR, value VARCHAR)[])) AS versions,
       coalesce(m.segment, map_from_entries([]::STRUCT(key VARCHAR, value VARCHAR)[])) AS segment
FROM found f
LEFT JOIN maps m USING (marks, root_mark)
