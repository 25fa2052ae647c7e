-- How often contracts were kept before and in a period, and how unevenly from one stretch of time to the next and from one conversation to the
-- next: sums over those of n (requests measured) and k (kept), their squares and their product.
WITH talks AS (
    SELECT trace_id, min(coalesce(said_of(names, said, 'gen_ai.conversation.id'), said_of(names, said, 'session.id'))) AS talk
    FROM span_rows
    GROUP BY trace_id
),
kept AS (
    SELECT
        m.signal,
        m.value,
        CASE WHEN t.start_at < $quiet_until THEN 'before' WHEN t.start_at >= $begin THEN 'period' END AS phase,
        (epoch_us(t.start_at) // (1000000 * $width::BIGINT))::VARCHAR AS stretch,
        coalesce(s.talk, t.trace_id) AS talk
    FROM measurements m
    JOIN traces t ON t.trace_id = m.trace_id
    LEFT JOIN talks s ON s.trace_id = m.trace_id
    WHERE list_contains($signals::VARCHAR[], m.signal) AND t.start_at >= $since AND t.start_at < $until
),
clusters AS (
    SELECT signal, phase, 'time' AS parted, count(*) AS n, sum(value) AS k FROM kept GROUP BY signal, phase, stretch
    UNION ALL
    SELECT signal, phase, 'talk' AS parted, count(*) AS n, sum(value) AS k FROM kept GROUP BY signal, phase, talk
)
SELECT
    signal, phase, parted, count(*) AS clusters, sum(n)::DOUBLE AS n, sum(k)::DOUBLE AS k, sum(n * n)::DOUBLE AS nn, sum(k * k)::DOUBLE AS kk,
    sum(n * k)::DOUBLE AS nk
FROM clusters
WHERE phase IS NOT NULL
GROUP BY signal, phase, parted
ORDER BY signal, phase, parted
