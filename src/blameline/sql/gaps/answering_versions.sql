-- When each version of what answers (all layers but deployments and the ruler's own) was seen for the first time.
WITH carried AS (
    SELECT unnest(map_entries(versions)) AS e, first_seen FROM version_sets
),
parts AS (
    SELECT split_part(e.key, ':', 1) AS layer, e.key AS attribute, unnest(string_split(e.value, ' + ')) AS value, first_seen FROM carried
)
SELECT attribute, value, min(first_seen) AS first_seen
FROM parts
WHERE layer NOT IN ('deploy', 'telemetry', 'judge', 'eval')
GROUP BY attribute, value
ORDER BY first_seen, attribute, value
