-- Score fields that are no number that can be a score, and no known word, each with its line; beyond the first fifty only their number.
INSERT INTO problems
WITH told AS (
    SELECT line, record, unnest(map_entries($scores::JSON::MAP(VARCHAR, VARCHAR))) AS score
    FROM staging
    WHERE record IS NOT NULL
),
bad AS (
    SELECT line, score.key AS name, record[score.key] AS said
    FROM told
    WHERE record[score.key] IS NOT NULL AND record[score.key] <> '' AND score_value(record[score.key]) IS NULL
),
faults AS (
    SELECT
        words[1] AS source,
        line,
        'the score ''' || words[2] || CASE WHEN isfinite(try_cast(said AS DOUBLE)) THEN ''' is beyond 1e12: ' ELSE ''' is not a number: ' END
            || left(words[3], 40) AS message,
        n
    FROM (
        SELECT *, redacted_texts([$source, name, said]) AS words
        FROM (SELECT *, count(*) OVER () AS n FROM bad QUALIFY row_number() OVER (ORDER BY line, name, said) <= 50)
    )
)
SELECT source, line, message, $file_id FROM faults
UNION ALL
SELECT any_value(source), NULL, (any_value(n) - 50)::VARCHAR || ' more scores are no number', $file_id FROM faults HAVING any_value(n) > 50
