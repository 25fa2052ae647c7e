-- Whether the answer came to its end before the token limit.
INSERT INTO keeping
SELECT trace_id, $signal, value::INTEGER
FROM (
    SELECT a.trace_id, CASE WHEN a.finish <> 'error' THEN a.finish <> 'length' END AS value
    FROM answers a
    SEMI JOIN in_scope USING (trace_id)
    WHERE CASE WHEN $span::VARCHAR IS NULL THEN a.last ELSE a.named AND a.name = $span END
)
WHERE value IS NOT NULL
