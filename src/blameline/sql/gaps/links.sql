-- Of the spans with a parent, by format and by the services of both: whose parent is not there, and who began before it.
WITH formats AS (SELECT file_id, min(format) AS format FROM files WHERE format <> 'skipped' GROUP BY file_id),
parents AS (SELECT hash(trace_id, span_id) AS key, start_ns, service FROM span_rows),
children AS (
    SELECT hash(trace_id, parent_id) AS key, hash(trace_id) AS request, start_ns, service, file_id FROM span_rows WHERE parent_id IS NOT NULL
),
rootless AS (SELECT hash(trace_id) AS request FROM traces WHERE NOT has_root)
SELECT
    f.format, c.service, p.service AS parent_service,
    count(*) AS n,
    count(*) FILTER (WHERE p.key IS NULL) AS missing,
    count(*) FILTER (WHERE p.key IS NULL AND r.request IS NULL) AS beyond,  -- in a request that has its root
    count(*) FILTER (WHERE p.start_ns - c.start_ns > 2000000) AS early,  -- two milliseconds: clocks that are rounded say as much
    (quantile_disc(p.start_ns - c.start_ns, 0.5) FILTER (WHERE p.start_ns - c.start_ns > 2000000) / 1000000.0)::DOUBLE AS typical_ms
FROM children c
JOIN formats f USING (file_id)
LEFT JOIN parents p ON p.key = c.key
LEFT JOIN rootless r ON r.request = c.request
GROUP BY ALL
ORDER BY ALL
