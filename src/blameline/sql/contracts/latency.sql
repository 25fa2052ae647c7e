-- Whether the request, or the call of this name, was over in time. One whose end is not known says nothing, nor does one that failed in time.
INSERT INTO keeping
SELECT trace_id, $signal, value::INTEGER
FROM (
    SELECT
        s.trace_id,
        CASE
            WHEN max(s.duration_ms) > $most::DOUBLE THEN FALSE
            WHEN bool_or(s.status IS NOT DISTINCT FROM 'error') OR bool_or(s.duration_ms IS NULL) THEN NULL
            ELSE TRUE
        END AS value
    FROM span_rows s
    SEMI JOIN in_scope i ON i.trace_id = s.trace_id
    ANTI JOIN retried r ON r.trace_id = s.trace_id AND r.span_id = s.span_id
    WHERE CASE WHEN $span::VARCHAR IS NULL THEN s.parent_id IS NULL ELSE s.name = $span END
    GROUP BY s.trace_id
)
WHERE value IS NOT NULL
