-- Of the spans with a parent, by format and by the services of both: whose parent is not there, and who began before it.
WITH formats AS (SELECT file_id, min(format) AS format FROM files WHERE format <> 'skipped' GROUP BY file_id),
parents AS (SELECT trace_id, span_id, start_ns, service FROM span_rows),
children AS (
    SELECT trace_id, parent_id, start_ns, service, file_id FROM span_rows WHERE parent_id IS NOT NULL
),
rootless AS (SELECT trace_id FROM traces WHERE NOT has_root)
SELECT
    f.format, c.service, p.service AS parent_service,
    count(*) AS n,
    count(*) FILTER (WHERE p.span_id IS NULL) AS missing,
    count(*) FILTER (WHERE p.span_id IS NULL AND r.trace_id IS NULL) AS beyond,  -- in a request that has its root
    count(*) FILTER (WHERE p.start_ns - c.start_ns > 2000000) AS early,  -- two milliseconds: clocks that are rounded say as much
    (quantile_disc(p.start_ns - c.start_ns, 0.5) FILTER (WHERE p.start_ns - c.start_ns > 2000000) / 1000000.0)::DOUBLE AS typical_ms
FROM children c
JOIN formats f USING (file_id)
LEFT JOIN parents p ON p.trace_id = c.trace_id AND p.span_id = c.parent_id
LEFT JOIN rootless r ON r.trace_id = c.trace_id
GROUP BY ALL
ORDER BY ALL
