-- Spans that a source handed in and that cannot be used, each with its line; beyond the first fifty only their number.
INSERT INTO problems
WITH bad AS (
    SELECT *, count(*) OVER (PARTITION BY file_id) AS n
    FROM incoming_spans
    WHERE hex_id(trace_id) IS NULL OR hex_id(span_id) IS NULL OR moment_ns(began) IS NULL
    QUALIFY row_number() OVER (PARTITION BY file_id ORDER BY line) <= 50
),
faults AS (
    SELECT
        file_id,
        words[1] AS source,
        line,
        CASE
            WHEN hex_id(trace_id) IS NULL THEN 'the span has no trace id'
            WHEN hex_id(span_id) IS NULL THEN 'the span has no id'
            ELSE 'the span has no start time between 2000 and 2100: ' || coalesce(left(words[2], 40), 'nothing')
        END AS message,
        n
    FROM (SELECT *, redacted_texts([source, began]) AS words FROM bad)
)
SELECT source, line, message, file_id FROM faults
UNION ALL
SELECT any_value(source), NULL, (any_value(n) - 50)::VARCHAR || ' more spans cannot be used', file_id
FROM faults
GROUP BY file_id
HAVING any_value(n) > 50
