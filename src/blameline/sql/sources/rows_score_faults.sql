-- Scores that a source handed in and that cannot be used, each with its line; beyond the first fifty only their number.
INSERT INTO problems
WITH bad AS (
    SELECT *, count(*) OVER (PARTITION BY file_id) AS n
    FROM incoming_scores
    WHERE coalesce(name, '') = '' OR coalesce(score_value(value), score_value(label)) IS NULL
    QUALIFY row_number() OVER (PARTITION BY file_id ORDER BY line) <= 50
),
faults AS (
    SELECT
        file_id,
        words[1] AS source,
        line,
        CASE
            WHEN coalesce(name, '') = '' THEN 'the score has no name'
            WHEN isfinite(try_cast(coalesce(value, label) AS DOUBLE)) THEN 'the score ''' || left(words[2], 40) || ''' is beyond 1e12: ' || left(words[3], 40)
            ELSE 'the score ''' || left(words[2], 40) || ''' is not a number: ' || coalesce(left(words[3], 40), 'nothing')
        END AS message,
        n
    FROM (SELECT *, redacted_texts([source, name, coalesce(value, label)]) AS words FROM bad)
)
SELECT source, line, message, file_id FROM faults
UNION ALL
SELECT any_value(source), NULL, (any_value(n) - 50)::VARCHAR || ' more scores cannot be used', file_id
FROM faults
GROUP BY file_id
HAVING any_value(n) > 50
