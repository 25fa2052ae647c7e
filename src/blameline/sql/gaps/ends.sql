-- Of the spans of each format, and of the calls of a model among them: whose end is not known, and which end before they began.
WITH formats AS (SELECT file_id, min(format) AS format FROM files WHERE format <> 'skipped' GROUP BY file_id)
SELECT
    f.format,
    count(*) AS n,
    count(*) FILTER (WHERE s.duration_ms IS NULL) AS unknown,
    count(*) FILTER (WHERE is_generation(s.op)) AS calls,
    count(*) FILTER (WHERE is_generation(s.op) AND s.duration_ms IS NULL) AS unknown_calls,
    count(*) FILTER (WHERE s.duration_ms < 0) AS backward,
    quantile_disc(-s.duration_ms, 0.5) FILTER (WHERE s.duration_ms < 0) AS typical_ms
FROM span_rows s
JOIN formats f USING (file_id)
GROUP BY f.format
ORDER BY f.format
