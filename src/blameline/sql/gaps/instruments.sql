-- Each version of the instrumentation that the spans name, and when it was seen.
WITH told AS (
    SELECT start_at, unnest($names::VARCHAR[]) AS attribute, unnest(list_transform($names::VARCHAR[], lambda name: said_of(names, said, name))) AS value
    FROM span_rows
)
SELECT attribute, value, min(start_at) AS first_seen, max(start_at) AS last_seen
FROM told
WHERE value IS NOT NULL
GROUP BY attribute, value
ORDER BY first_seen, attribute, value
LIMIT 200
