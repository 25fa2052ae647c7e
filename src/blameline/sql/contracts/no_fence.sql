-- Whether the answer is free of code fences; one inside of a text that a JSON answer holds is none, where the words are on record.
INSERT INTO keeping
SELECT trace_id, $signal, value::INTEGER
FROM (
    SELECT a.trace_id, CASE
        WHEN a.content_state = 'empty' THEN NULL
        ELSE NOT a.output_fenced OR (a.output_json AND coalesce(is_json(a.words), FALSE))
    END AS value
    FROM answers a
    SEMI JOIN in_scope USING (trace_id)
    WHERE CASE WHEN $span::VARCHAR IS NULL THEN a.last ELSE a.named AND a.name = $span END
)
WHERE value IS NOT NULL
