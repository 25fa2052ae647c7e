-- Whether the answer is in one of these languages; not known of a short one, and of one of code or numbers.
INSERT INTO keeping
SELECT trace_id, $signal, value::INTEGER
FROM (
    SELECT a.trace_id, list_contains($languages::VARCHAR[], a.output_language) AS value
    FROM answers a
    SEMI JOIN in_scope USING (trace_id)
    WHERE CASE WHEN $span::VARCHAR IS NULL THEN a.last ELSE a.named AND a.name = $span END
)
WHERE value IS NOT NULL
