-- Scores of users, sessions and conversations (one in so many of them), by signal and cell; `cell` counts as cells/by_signal lists them.
WITH named AS (
    SELECT s.trace_id, u.name, min(said_of(s.names, s.said, u.name)) AS who
    FROM span_rows s
    CROSS JOIN (SELECT unnest($names::VARCHAR[]) AS name) u
    WHERE list_contains(s.names, u.name)
    GROUP BY s.trace_id, u.name
),
drawn AS MATERIALIZED (
    SELECT trace_id, name, dense_rank() OVER (PARTITION BY name ORDER BY who) AS who
    FROM named
    WHERE who IS NOT NULL AND md5_number_lower(who) % $one_in::UBIGINT = 0
),
placed AS (
    SELECT m.trace_id, m.signal, m.judge, m.value, t.version_id, t.segment_id,
           (epoch_us(t.start_at) - epoch_us($since::TIMESTAMP)) // ($width::BIGINT * 1000000) AS bucket
    FROM measurements m
    JOIN traces t USING (trace_id)
    WHERE t.start_at >= $since AND t.start_at < $until AND EXISTS (SELECT 1 FROM drawn)
),
numbered AS (
    SELECT *, row_number() OVER (PARTITION BY signal ORDER BY bucket, version_id, segment_id, judge NULLS FIRST) - 1 AS cell
    FROM (SELECT DISTINCT signal, bucket, version_id, segment_id, judge FROM placed)
)
SELECT p.signal, d.name, d.who, c.cell, count(*) AS n, sum(p.value ORDER BY p.trace_id) AS total, sum(p.value * p.value ORDER BY p.trace_id) AS square
FROM placed p
JOIN drawn d USING (trace_id)
JOIN numbered c ON c.signal = p.signal AND c.bucket = p.bucket AND c.version_id = p.version_id AND c.segment_id = p.segment_id
    AND c.judge IS NOT DISTINCT FROM p.judge
GROUP BY p.signal, d.name, d.who, c.cell
ORDER BY p.signal, d.name, d.who, c.cell
