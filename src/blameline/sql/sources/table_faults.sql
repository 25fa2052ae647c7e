-- Rows that cannot be used, each with its line; beyond the first fifty only their number.
INSERT INTO problems
WITH faults AS (
    SELECT
        line,
        CASE
            WHEN record IS NULL THEN 'the row cannot be read: it is no ' || $form
            WHEN record[$at] IS NULL THEN 'the row has no time: ''' || $at || ''' is empty'
            ELSE 'the row has no usable time: ' || left(redacted(record[$at]), 40)
        END AS message
    FROM staging
    WHERE record IS NULL OR ($needs_time AND moment_ns(record[$at]) IS NULL)
    QUALIFY row_number() OVER (ORDER BY line) <= 50
),
all_faults AS (
    SELECT count(*) AS n FROM staging WHERE record IS NULL OR ($needs_time AND moment_ns(record[$at]) IS NULL)
)
SELECT redacted($source), line, redacted(message), $file_id FROM faults
UNION ALL
SELECT redacted($source), NULL, (n - 50)::VARCHAR || ' more rows cannot be used', $file_id FROM all_faults WHERE n > 50
