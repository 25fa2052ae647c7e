-- Each distinct combination of layer versions, numbered in the order of its first trace.
INSERT INTO version_sets
SELECT row_number() OVER (ORDER BY first_seen, versions::VARCHAR) - 1, versions, first_seen, last_seen, traces
FROM (
    SELECT s.versions, min(o.start_at) AS first_seen, max(o.start_at) AS last_seen, count(*) AS traces
    FROM outlines o JOIN sets s USING (marks, root_mark)
    GROUP BY s.versions
)
