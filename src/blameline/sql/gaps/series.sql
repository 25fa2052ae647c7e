-- How many spans came in each hour, of each format, service and operation; the largest series first.
WITH formats AS (SELECT file_id, min(format) AS format FROM files WHERE format <> 'skipped' GROUP BY file_id),
hourly AS (
    SELECT file_id, coalesce(service, '') AS service, coalesce(op, '') AS op, epoch_us(start_at) // 3600000000 AS hour, count(*) AS n
    FROM span_rows
    GROUP BY ALL
),
summed AS (SELECT format, service, op, hour, sum(n)::BIGINT AS n FROM hourly JOIN formats USING (file_id) GROUP BY ALL)
SELECT format, service, op, list(hour ORDER BY hour) AS hours, list(n ORDER BY hour) AS counts, sum(n)::BIGINT AS whole
FROM summed
GROUP BY ALL
ORDER BY whole DESC, format, service, op
LIMIT 200
