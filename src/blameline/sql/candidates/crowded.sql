-- How many values each of the named attributes takes, on how many requests.
WITH told AS (
    SELECT trace_id, unnest($names::VARCHAR[]) AS attribute,
           unnest(list_transform($names::VARCHAR[], lambda name: said_of(names, said, name))) AS value
    FROM span_rows
    WHERE start_at >= $since AND start_at < $until AND list_has_any(names, $names::VARCHAR[])
)
SELECT attribute, count(DISTINCT value) AS distinct_values, count(DISTINCT trace_id) AS requests
FROM told
WHERE value <> ''
GROUP BY attribute
ORDER BY attribute
