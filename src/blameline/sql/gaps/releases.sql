-- Moments at which something was released: a version of a deployed layer seen for the first time, or a change on record.
WITH carried AS (
    SELECT unnest(map_entries(versions)) AS e, first_seen, last_seen FROM version_sets
),
parts AS (
    SELECT split_part(e.key, ':', 2) AS attribute, unnest(string_split(e.value, ' + ')) AS value, first_seen, last_seen
    FROM carried
    WHERE split_part(e.key, ':', 1) = 'deploy'
)
SELECT attribute, value, min(first_seen) AS first_seen, max(last_seen) AS last_seen
FROM parts
GROUP BY attribute, value
UNION ALL
SELECT DISTINCT 'change', change_id, took_effect, NULL::TIMESTAMP FROM changes WHERE layer IN ('deploy', 'telemetry')
ORDER BY first_seen, attribute, value
