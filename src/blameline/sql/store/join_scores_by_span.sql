-- Give each score that only names a span the trace of that span.
UPDATE scores SET trace_id = found.trace_id, joined = 'trace'
FROM (
    SELECT span_id, min(trace_id) AS trace_id
    FROM span_rows
    WHERE EXISTS (SELECT 1 FROM scores WHERE trace_id IS NULL AND span_id IS NOT NULL)
    GROUP BY span_id
) AS found
WHERE scores.trace_id IS NULL AND scores.span_id = found.span_id
