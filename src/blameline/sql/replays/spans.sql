-- What the records hold of some requests: their calls of models and tools, and spans that do not say what they are, with all attributes.
WITH told AS (
    SELECT trace_id, span_id, name, op, start_ns, FALSE AS logged, list_concat(names, content_names) AS names, list_concat(said, content_said) AS said
    FROM span_rows
    WHERE list_contains($trace_ids::VARCHAR[], trace_id)
    UNION ALL
    SELECT trace_id, span_id, NULL, NULL, coalesce(logged_ns, 0), TRUE, list_concat(names, content_names), list_concat(said, content_said)
    FROM logs
    WHERE list_contains($trace_ids::VARCHAR[], trace_id)
)
SELECT t.*, g.span_id IS NOT NULL AND NOT g.retried AS call
FROM told t
LEFT JOIN generations g ON g.trace_id = t.trace_id AND g.span_id = t.span_id
WHERE t.logged OR g.span_id IS NOT NULL OR t.op IS NULL OR t.op = 'execute_tool'
ORDER BY t.trace_id, t.start_ns, t.logged, t.span_id, t.said::VARCHAR
