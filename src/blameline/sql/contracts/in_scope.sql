-- The requests of which some span has each of these values; all of them where none is named.
CREATE OR REPLACE TEMP TABLE in_scope AS
WITH wanted AS (SELECT unnest($keys::VARCHAR[]) AS key, unnest($values::VARCHAR[]) AS value)
SELECT trace_id FROM traces WHERE len($keys::VARCHAR[]) = 0
UNION ALL
SELECT s.trace_id
FROM span_rows s
JOIN wanted w ON said_of(s.names, s.said, w.key) = w.value
GROUP BY s.trace_id
HAVING count(DISTINCT w.key) = len($keys::VARCHAR[])
