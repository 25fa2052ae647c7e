-- The keys that nearly all JSON objects among the answers of a period have, and the types of their values as far as nearly all are of one.
WITH objects AS (
    SELECT body, json_keys(body) AS keys
    FROM (
        SELECT CASE WHEN is_json(a.words) THEN a.words ELSE regexp_extract(a.words, '```(?:(?i:json))?\s*([\[{](?s:.*?))```', 1) END AS body
        FROM answers a
        JOIN traces t ON t.trace_id = a.trace_id
        SEMI JOIN in_scope i ON i.trace_id = a.trace_id
        WHERE a.last AND a.output_json AND NOT a.torn AND a.words IS NOT NULL AND t.start_at >= $since AND t.start_at < $until
    )
    WHERE json_valid(body) AND json_type(body) = 'OBJECT'
),
entries AS (
    SELECT key, json_type(body, '/' || replace(replace(key, '~', '~0'), '/', '~1')) AS type
    FROM (SELECT body, unnest(list_distinct(keys)) AS key FROM objects WHERE len(keys) <= 200)
),
types AS (
    SELECT
        key,
        CASE
            WHEN type = 'VARCHAR' THEN 'string'
            WHEN type IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE') THEN 'number'
            ELSE lower(type)
        END AS type,
        count(*) AS n
    FROM entries
    GROUP BY ALL
)
SELECT
    key,
    sum(n)::BIGINT AS n,
    CASE WHEN max(n) >= 0.995 * sum(n) THEN arg_max(type, n) ELSE 'any' END AS type
FROM types
WHERE length(key) BETWEEN 1 AND 100
GROUP BY key
HAVING sum(n) >= $share * (SELECT count(*) FROM objects)
ORDER BY n DESC, key
LIMIT 30
