-- Scores with each request counted as often as it stands for, by signal, bucket and segment; `shares` says what each told value keeps.
WITH told AS (
    SELECT
        trace_id,
        CASE
            WHEN regexp_matches($name::VARCHAR, '(?i)trace_?state$')
                THEN regexp_extract(said_of(names, said, $name::VARCHAR), '(?:^|,)\s*ot=(?:[^,]*;)?((?:th|p):[0-9a-f]+)', 1)
            ELSE left(said_of(names, said, $name::VARCHAR), 40)
        END AS value
    FROM span_rows
    WHERE list_contains(names, $name::VARCHAR)
),
known AS (SELECT unnest($values::VARCHAR[]) AS value, unnest($shares::DOUBLE[]) AS share),
kept AS (SELECT t.trace_id, 1 / min(k.share) AS stands_for FROM told t JOIN known k USING (value) GROUP BY t.trace_id)
SELECT
    m.signal,
    (epoch_us(t.start_at) - epoch_us($since::TIMESTAMP)) // ($width::BIGINT * 1000000) AS bucket,
    t.segment_id,
    count(*) AS n,
    count(k.stands_for) AS told,
    sum(k.stands_for ORDER BY m.trace_id) AS weight,
    sum(k.stands_for * k.stands_for ORDER BY m.trace_id) AS weight_square,
    sum(k.stands_for * m.value ORDER BY m.trace_id) AS total,
    sum(k.stands_for * m.value * m.value ORDER BY m.trace_id) AS square
FROM measurements m
JOIN traces t USING (trace_id)
LEFT JOIN kept k USING (trace_id)
WHERE t.start_at >= $since AND t.start_at < $until
GROUP BY m.signal, bucket, t.segment_id
ORDER BY m.signal, bucket, t.segment_id
