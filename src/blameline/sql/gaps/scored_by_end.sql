-- How many requests of each hour ended in each way, and, by signal, how many of them were scored and by how much in all.
WITH requests AS (
    SELECT
        f.trace_id,
        epoch_us(t.start_at) // 3600000000 AS hour,
        CASE WHEN f.failed THEN 'failed' WHEN f.refused THEN 'were refused' WHEN f.truncated THEN 'were cut off' ELSE '' END AS ended
    FROM facts f
    JOIN traces t USING (trace_id)
),
scored AS (
    SELECT trace_id, signal, avg(value) AS value FROM measurements WHERE signal IN (SELECT name FROM scores) GROUP BY ALL
),
hourly AS (
    SELECT NULL AS signal, ended, hour, count(*) AS n, 0.0 AS total FROM requests GROUP BY ALL
    UNION ALL
    SELECT s.signal, r.ended, r.hour, count(*) AS n, sum(CAST(round(s.value * 1000000) AS HUGEINT))::DOUBLE / 1000000 AS total
    FROM scored s
    JOIN requests r USING (trace_id)
    GROUP BY ALL
)
SELECT signal, ended, list(hour ORDER BY hour) AS hours, list(n ORDER BY hour) AS counts, list(total ORDER BY hour) AS totals
FROM hourly
GROUP BY signal, ended
ORDER BY signal NULLS FIRST, ended
LIMIT 400
