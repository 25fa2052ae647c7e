-- What the answers of a period are like: how many requests there are, how many sentences and characters at the edges and in the middle, how
-- many have words and are JSON, their commonest language, and how long a request takes at most.
WITH asked AS (
    SELECT a.*
    FROM answers a
    JOIN traces t ON t.trace_id = a.trace_id
    SEMI JOIN in_scope i ON i.trace_id = a.trace_id
    WHERE a.last AND t.start_at >= $since AND t.start_at < $until
),
roots AS (
    SELECT max(s.duration_ms) AS took
    FROM span_rows s
    JOIN traces t ON t.trace_id = s.trace_id
    SEMI JOIN in_scope i ON i.trace_id = s.trace_id
    WHERE s.parent_id IS NULL AND s.status IS DISTINCT FROM 'error' AND t.start_at >= $since AND t.start_at < $until
    GROUP BY s.trace_id
)
SELECT
    (SELECT count(*) FROM traces SEMI JOIN in_scope USING (trace_id) WHERE start_at >= $since AND start_at < $until) AS requests,
    count(*) FILTER (WHERE words <> '' AND NOT torn) AS worded,
    avg(output_json::INTEGER) AS json,
    quantile_cont(sentences_in(words), [0.005, 0.5, 0.995]) FILTER (WHERE words <> '' AND NOT torn) AS sentences,
    quantile_cont(output_chars, [0.005, 0.5, 0.995]) FILTER (WHERE content_state = 'present') AS characters,
    mode(output_language) AS language,
    (SELECT quantile_cont(took, 0.95) FROM roots) AS took
FROM asked
