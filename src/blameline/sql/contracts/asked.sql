-- Of the requests of a period that some span has each of these values of: how many there are, how many have a call of a model, an answer on
-- record, its words, an end and a call of a tool.
WITH wanted AS (SELECT unnest($keys::VARCHAR[]) AS key, unnest($values::VARCHAR[]) AS value),
scoped AS (
    SELECT s.trace_id
    FROM span_rows s
    JOIN wanted w ON said_of(s.names, s.said, w.key) = w.value
    GROUP BY s.trace_id
    HAVING count(DISTINCT w.key) = len($keys::VARCHAR[])
),
asked AS (
    SELECT trace_id
    FROM traces
    WHERE start_at >= $begin AND start_at < $until AND (len($keys::VARCHAR[]) = 0 OR trace_id IN (SELECT trace_id FROM scoped))
),
told AS (
    SELECT
        s.trace_id,
        bool_or(s.content_state IS NOT NULL) AS called,
        bool_or(coalesce(l.content_state, s.content_state) IN ('present', 'truncated', 'empty')) AS answered,
        bool_or(coalesce(l.content_state, s.content_state) = 'present') AS whole,
        bool_or(coalesce(s.finish, l.finish) IS NOT NULL) AS finished,
        bool_or(s.parent_id IS NULL AND s.duration_ms IS NOT NULL) AS ended,
        bool_or(s.op = 'execute_tool') AS tooled,
        bool_or(s.name = $span) AS named
    FROM span_rows s
    SEMI JOIN asked a ON a.trace_id = s.trace_id
    LEFT JOIN told_in_logs l ON l.trace_id = s.trace_id AND l.span_id = s.span_id
    GROUP BY s.trace_id
)
SELECT
    count(*) AS requests,
    count(*) FILTER (WHERE called) AS called,
    count(*) FILTER (WHERE answered) AS answered,
    count(*) FILTER (WHERE whole) AS whole,
    count(*) FILTER (WHERE finished) AS finished,
    count(*) FILTER (WHERE ended) AS ended,
    count(*) FILTER (WHERE tooled) AS tooled,
    count(*) FILTER (WHERE named) AS named
FROM told
