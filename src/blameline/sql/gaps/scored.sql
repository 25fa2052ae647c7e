-- How many requests of each hour were scored, by signal; those read from the spans themselves are left out.
WITH each AS (
    SELECT DISTINCT m.signal, m.trace_id FROM measurements m WHERE m.signal NOT IN ('request_failed', 'answer_truncated')
        AND m.signal NOT IN (SELECT 'contract:' || contract_id FROM contracts)
),
hourly AS (
    SELECT e.signal, epoch_us(t.start_at) // 3600000000 AS hour, count(*) AS n FROM each e JOIN traces t USING (trace_id) GROUP BY ALL
)
SELECT signal, list(hour ORDER BY hour) AS hours, list(n ORDER BY hour) AS counts, sum(n)::BIGINT AS n
FROM hourly
GROUP BY signal
ORDER BY n DESC, signal
LIMIT 100
