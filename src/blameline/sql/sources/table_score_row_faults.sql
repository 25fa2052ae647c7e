-- Score rows that cannot be used, each with its line; beyond the first fifty only their number.
INSERT INTO problems
WITH faults AS (
    SELECT
        line,
        CASE
            WHEN record IS NULL THEN 'the row cannot be read: it is no ' || $form
            WHEN record[$name] IS NULL THEN 'the score has no name'
            WHEN coalesce(nullif(record[$trace_id], ''), nullif(record[$span_id], ''), nullif(record[$response_id], '')) IS NULL
                THEN 'the score names no trace, span or response'
            ELSE 'the score is not a number: ' || coalesce(left(redacted(record[$value]), 40), 'nothing')
        END AS message
    FROM staging
    WHERE record IS NULL OR record[$name] IS NULL
        OR coalesce(nullif(record[$trace_id], ''), nullif(record[$span_id], ''), nullif(record[$response_id], '')) IS NULL
        OR coalesce(score_value(record[$value]), score_value(record[$label])) IS NULL
)
SELECT redacted($source), line, redacted(message), $file_id FROM faults
QUALIFY row_number() OVER (ORDER BY line) <= 50
UNION ALL
SELECT redacted($source), NULL, (count(*) - 50)::VARCHAR || ' more score rows cannot be used', $file_id FROM faults HAVING count(*) > 50
