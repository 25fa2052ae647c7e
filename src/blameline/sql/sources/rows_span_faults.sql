-- Spans that a source handed in and that cannot be used, each with its line; beyond the first fifty only their number.
INSERT INTO problems
WITH faults AS (
    SELECT
        line,
        CASE
            WHEN coalesce(trace_id, '') = '' THEN 'the span has no trace id'
            WHEN coalesce(span_id, '') = '' THEN 'the span has no id'
            ELSE 'the span has no start time between 2000 and 2100: ' || coalesce(left(began, 40), 'nothing')
        END AS message
    FROM incoming
    WHERE coalesce(trace_id, '') = '' OR coalesce(span_id, '') = '' OR moment_ns(began) IS NULL
)
SELECT $source, line, message FROM faults
QUALIFY row_number() OVER (ORDER BY line) <= 50
UNION ALL
SELECT $source, NULL, (count(*) - 50)::VARCHAR || ' more spans cannot be used' FROM faults HAVING count(*) > 50
