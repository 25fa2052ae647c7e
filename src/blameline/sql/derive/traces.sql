-- One row a trace, pointing to its version set and its segment set.
INSERT INTO traces
WITH numbered AS (
    SELECT s.marks, s.root_mark, v.version_id, g.segment_id
    FROM sets s
    JOIN version_sets v ON v.versions = s.versions
    JOIN segment_sets g ON g.segment = s.segment
)
SELECT o.trace_id, o.start_at, n.version_id, n.segment_id, o.has_root
FROM outlines o
JOIN numbered n USING (marks, root_mark)
ORDER BY o.start_at, o.trace_id
