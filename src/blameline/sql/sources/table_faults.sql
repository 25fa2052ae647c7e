-- Rows that cannot be used, each with its line; beyond the first fifty only their number.
INSERT INTO problems
WITH bad AS (
    SELECT line, record IS NULL AS is_lost, record[$at] AS moment
    FROM staging
    WHERE record IS NULL OR ($needs_time AND moment_ns(record[$at]) IS NULL)
),
faults AS (
    SELECT
        words[1] AS source,
        line,
        CASE
            WHEN is_lost THEN 'the row cannot be read: it is no ' || $form
            WHEN moment IS NULL THEN 'the row has no time: ''' || words[2] || ''' is empty'
            ELSE 'the row has no usable time: ' || left(words[3], 40)
        END AS message,
        n
    FROM (
        SELECT *, redacted_texts([$source, $at, moment]) AS words
        FROM (SELECT *, count(*) OVER () AS n FROM bad QUALIFY row_number() OVER (ORDER BY line) <= 50)
    )
)
SELECT source, line, message, $file_id FROM faults
UNION ALL
SELECT any_value(source), NULL, (any_value(n) - 50)::VARCHAR || ' more rows cannot be used', $file_id FROM faults HAVING any_value(n) > 50
