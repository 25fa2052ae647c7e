-- How many requests of each hour came in, by format, and how many of them have a span or call whose end is not known.
WITH formats AS (SELECT file_id, min(format) AS format FROM files WHERE format <> 'skipped' GROUP BY file_id),
each AS (
    SELECT f.format, s.trace_id, min(s.start_at) AS start_at, bool_or(s.duration_ms IS NULL) AS endless
    FROM span_rows s
    JOIN formats f USING (file_id)
    WHERE f.format IN (SELECT unnest($formats::VARCHAR[]))
    GROUP BY ALL
),
hourly AS (
    SELECT format, epoch_us(start_at) // 3600000000 AS hour, count(*) AS n, count(*) FILTER (endless) AS endless FROM each GROUP BY ALL
)
SELECT format, list(hour ORDER BY hour) AS hours, list(n ORDER BY hour) AS counts, list(endless ORDER BY hour) AS endless
FROM hourly
GROUP BY format
ORDER BY format
