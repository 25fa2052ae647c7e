-- Whether the answer is a JSON object or list, by itself or in its code fence; an empty one is none.
INSERT INTO keeping
SELECT trace_id, $signal, value::INTEGER
FROM (
    SELECT a.trace_id, CASE
        WHEN a.torn THEN NULL
        WHEN a.content_state IN ('empty', 'truncated') THEN FALSE
        ELSE a.output_json
    END AS value
    FROM answers a
    SEMI JOIN in_scope USING (trace_id)
    WHERE CASE WHEN $span::VARCHAR IS NULL THEN a.last ELSE a.named AND a.name = $span END
)
WHERE value IS NOT NULL
