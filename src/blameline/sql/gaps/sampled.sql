-- What the spans say of how they were sampled: each attribute and value, when, and on how many spans; of a trace state only the rate.
WITH told AS (
    SELECT start_at, unnest($names::VARCHAR[]) AS attribute, unnest(list_transform($names::VARCHAR[], lambda name: said_of(names, said, name))) AS value
    FROM span_rows
    WHERE len(list_intersect(names, $names::VARCHAR[])) > 0
),
plain AS (
    SELECT
        start_at, attribute,
        CASE
            WHEN regexp_matches(attribute, '(?i)trace_?state$')
                THEN nullif(regexp_extract(value, '(?:^|,)\s*ot=(?:[^,]*;)?((?:th|p):[0-9a-f]+)', 1), '')
            ELSE left(value, 40)
        END AS value
    FROM told
)
SELECT attribute, value, count(*) AS n, min(start_at) AS first_seen, max(start_at) AS last_seen
FROM plain
WHERE value IS NOT NULL
GROUP BY ALL
ORDER BY n DESC, attribute, value
LIMIT 200
