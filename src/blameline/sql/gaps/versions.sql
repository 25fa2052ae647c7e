-- How many requests carry a version of each layer that has an attribute at all.
WITH layers AS (SELECT DISTINCT layer FROM roles WHERE role = 'layer'),
sets AS (SELECT list_transform(map_keys(versions), lambda key: split_part(key, ':', 1)) AS carried, traces FROM version_sets)
SELECT l.layer, coalesce(sum(s.traces) FILTER (WHERE list_contains(s.carried, l.layer)), 0)::BIGINT AS n
FROM layers l
LEFT JOIN sets s ON TRUE
GROUP BY l.layer
ORDER BY l.layer
