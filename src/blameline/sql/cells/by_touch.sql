-- The cells of one signal, parted by the components that a request touched at all: retrieval, tools, a guardrail.
-- Sums run over whole parts (eight digits of the largest value), so that the same rows give the same bits whatever thread adds them.
WITH unit AS (
    SELECT pow(10, 8 - ceil(log10(greatest(max(abs(value)), 1e-200)))) AS per_unit FROM measurements WHERE signal = $signal
),
touched AS (
    SELECT trace_id, bool_or(coalesce(op IN ('retrieval', 'rerank'), FALSE) OR list_contains(names, 'gen_ai.retrieval.documents')) AS retrieval,
           bool_or(coalesce(op = 'execute_tool', FALSE)) AS tools, bool_or(coalesce(op = 'guardrail', FALSE)) AS guardrail
    FROM span_rows
    GROUP BY trace_id
)
SELECT (epoch_us(t.start_at) - epoch_us($since::TIMESTAMP)) // ($width::BIGINT * 1000000) AS bucket, t.version_id, t.segment_id, m.judge,
       o.retrieval, o.tools, o.guardrail,
       count(*) AS n, sum(CAST(round(m.value * u.per_unit) AS HUGEINT))::DOUBLE / u.per_unit AS total,
       sum(CAST(round(m.value * m.value * u.per_unit * u.per_unit) AS HUGEINT))::DOUBLE / u.per_unit / u.per_unit AS square
FROM measurements m
JOIN traces t USING (trace_id)
JOIN touched o USING (trace_id)
CROSS JOIN unit u
WHERE m.signal = $signal AND t.start_at >= $since AND t.start_at < $until
GROUP BY bucket, t.version_id, t.segment_id, m.judge, o.retrieval, o.tools, o.guardrail, u.per_unit
ORDER BY bucket, t.version_id, t.segment_id, m.judge NULLS FIRST, o.retrieval, o.tools, o.guardrail
