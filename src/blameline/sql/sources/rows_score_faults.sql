-- Scores that a source handed in and that cannot be used, each with its line; beyond the first fifty only their number.
INSERT INTO problems
WITH faults AS (
    SELECT
        file_id,
        source,
        line,
        CASE
            WHEN coalesce(name, '') = '' THEN 'the score has no name'
            ELSE 'the score ''' || left(redacted(name), 40) || ''' is not a number: ' || coalesce(left(redacted(coalesce(value, label)), 40), 'nothing')
        END AS message
    FROM incoming_scores
    WHERE coalesce(name, '') = '' OR coalesce(score_value(value), score_value(label)) IS NULL
)
SELECT redacted(source), line, message, file_id FROM faults
QUALIFY row_number() OVER (PARTITION BY file_id ORDER BY line) <= 50
UNION ALL
SELECT redacted(any_value(source)), NULL, (count(*) - 50)::VARCHAR || ' more scores cannot be used', file_id FROM faults GROUP BY file_id HAVING count(*) > 50
