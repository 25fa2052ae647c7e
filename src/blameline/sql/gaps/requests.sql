-- How many requests began in each hour, and how many of them have no root.
SELECT epoch_us(start_at) // 3600000000 AS hour, count(*) AS n, count(*) FILTER (WHERE NOT has_root) AS rootless
FROM traces
GROUP BY hour
ORDER BY hour
