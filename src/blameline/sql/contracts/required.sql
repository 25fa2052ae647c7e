-- Whether the answer has one of these words; where something in it was redacted, a pattern that is not found may have been there.
INSERT INTO keeping
SELECT trace_id, $signal, value::INTEGER
FROM (
    SELECT a.trace_id, CASE
        WHEN a.words IS NULL THEN NULL
        WHEN speaks_of(a.words, $phrases::VARCHAR[], $pattern::VARCHAR) THEN TRUE
        WHEN a.torn OR ($pattern::VARCHAR IS NOT NULL AND is_redacted(a.words)) THEN NULL
        ELSE FALSE
    END AS value
    FROM answers a
    SEMI JOIN in_scope USING (trace_id)
    WHERE CASE WHEN $span::VARCHAR IS NULL THEN a.last ELSE a.named AND a.name = $span END
)
WHERE value IS NOT NULL
