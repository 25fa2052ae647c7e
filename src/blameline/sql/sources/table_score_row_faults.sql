-- Score rows that cannot be used, each with its line; beyond the first fifty only their number.
INSERT INTO problems
WITH bad AS (
    SELECT
        line,
        record[$value] AS said,
        CASE
            WHEN record IS NULL THEN 'the row cannot be read: it is no ' || $form
            WHEN record[$name] IS NULL THEN 'the score has no name'
            WHEN coalesce(nullif(record[$trace_id], ''), nullif(record[$span_id], ''), nullif(record[$response_id], '')) IS NULL
                THEN 'the score names no trace, span or response'
            WHEN coalesce(score_value(record[$value]), score_value(record[$label])) IS NULL THEN ''
        END AS fault
    FROM staging
),
faults AS (
    SELECT
        words[1] AS source,
        line,
        CASE
            WHEN fault <> '' THEN fault
            WHEN isfinite(try_cast(said AS DOUBLE)) THEN 'the score is beyond 1e12: ' || left(words[2], 40)
            ELSE 'the score is not a number: ' || coalesce(left(words[2], 40), 'nothing')
        END AS message,
        n
    FROM (
        SELECT *, redacted_texts([$source, said]) AS words
        FROM (SELECT *, count(*) OVER () AS n FROM bad WHERE fault IS NOT NULL QUALIFY row_number() OVER (ORDER BY line) <= 50)
    )
)
SELECT source, line, message, $file_id FROM faults
UNION ALL
SELECT any_value(source), NULL, (any_value(n) - 50)::VARCHAR || ' more score rows cannot be used', $file_id FROM faults HAVING any_value(n) > 50
