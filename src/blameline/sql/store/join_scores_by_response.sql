-- Give each score that only names a response the trace of the first span that carries it.
UPDATE scores
SET
    trace_id = found.trace_id,
    span_id = coalesce(scores.span_id, found.span_id),
    joined = CASE WHEN scores.span_id IS NULL THEN 'trace and span' ELSE 'trace' END
FROM (
    SELECT
        said_of(names, said, 'gen_ai.response.id') AS answer,
        min_by(trace_id, (start_ns, trace_id, span_id)) AS trace_id,
        min_by(span_id, (start_ns, trace_id, span_id)) AS span_id
    FROM span_rows
    WHERE EXISTS (SELECT 1 FROM scores WHERE trace_id IS NULL AND response_id IS NOT NULL)
    GROUP BY answer
    HAVING answer IS NOT NULL
) AS found
WHERE scores.trace_id IS NULL AND scores.response_id = found.answer
