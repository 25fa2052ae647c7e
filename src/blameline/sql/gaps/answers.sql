-- Of the generations that did not fail, by format and service and in each hour: how many have no answer on record, or a cut one.
WITH formats AS (SELECT file_id, min(format) AS format FROM files WHERE format <> 'skipped' GROUP BY file_id),
hourly AS (
    SELECT
        f.format, coalesce(s.service, '') AS service, epoch_us(s.start_at) // 3600000000 AS hour, count(*) AS n,
        count(*) FILTER (WHERE coalesce(l.content_state, s.content_state) = 'absent') AS absent,
        count(*) FILTER (WHERE coalesce(l.content_state, s.content_state) = 'truncated') AS cut
    FROM span_rows s
    JOIN formats f USING (file_id)
    LEFT JOIN told_in_logs l ON l.trace_id = s.trace_id AND l.span_id = s.span_id
    WHERE s.content_state IS NOT NULL AND s.status IS DISTINCT FROM 'error'
    GROUP BY ALL
)
SELECT
    format, service, list(hour ORDER BY hour) AS hours, list(n ORDER BY hour) AS counts, list(absent ORDER BY hour) AS absences,
    sum(n)::BIGINT AS n, sum(absent)::BIGINT AS absent, sum(cut)::BIGINT AS cut
FROM hourly
GROUP BY format, service
ORDER BY n DESC, format, service
LIMIT 200
