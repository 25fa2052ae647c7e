-- Requests, how many of them were scored, and their scores, by time bucket, segment and user (one in so many users).
WITH named AS (
    SELECT trace_id, min(said_of(names, said, $who::VARCHAR)) AS who
    FROM span_rows
    WHERE list_contains(names, $who::VARCHAR)
    GROUP BY trace_id
),
scored AS (
    SELECT trace_id, avg(value ORDER BY judge NULLS FIRST, value) AS value
    FROM measurements
    WHERE signal = $signal
    GROUP BY trace_id
),
drawn AS (
    SELECT t.trace_id, t.segment_id, n.who,
           (epoch_us(t.start_at) - epoch_us($since::TIMESTAMP)) // ($width::BIGINT * 1000000) AS bucket
    FROM traces t
    LEFT JOIN named n USING (trace_id)
    WHERE t.start_at >= $since AND t.start_at < $until
        AND md5_number_lower(coalesce(n.who, t.trace_id)) % $one_in::UBIGINT = 0
),
numbered AS (
    SELECT who, row_number() OVER (ORDER BY who) - 1 AS person
    FROM (SELECT DISTINCT who FROM drawn WHERE who IS NOT NULL)
)
SELECT d.bucket, d.segment_id, coalesce(p.person, -1) AS person, count(*) AS requests, count(s.value) AS scored,
       coalesce(sum(s.value ORDER BY d.trace_id), 0) AS total, coalesce(sum(s.value * s.value ORDER BY d.trace_id), 0) AS square
FROM drawn d
LEFT JOIN numbered p ON p.who = d.who
LEFT JOIN scored s ON s.trace_id = d.trace_id
GROUP BY d.bucket, d.segment_id, p.person
ORDER BY d.bucket, d.segment_id, p.person
