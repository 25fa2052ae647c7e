-- Score fields that are no number and no known word, each with its line; beyond the first fifty only their number.
INSERT INTO problems
WITH told AS (
    SELECT line, record, unnest(map_entries($scores::JSON::MAP(VARCHAR, VARCHAR))) AS score
    FROM staging
    WHERE record IS NOT NULL
),
faults AS (
    SELECT line, 'the score ''' || score.key || ''' is not a number: ' || left(redacted(record[score.key]), 40) AS message
    FROM told
    WHERE record[score.key] IS NOT NULL AND record[score.key] <> '' AND score_value(record[score.key]) IS NULL
)
SELECT redacted($source), line, redacted(message), $file_id FROM faults
QUALIFY row_number() OVER (ORDER BY line, message) <= 50
UNION ALL
SELECT redacted($source), NULL, (count(*) - 50)::VARCHAR || ' more scores are no number', $file_id FROM faults HAVING count(*) > 50
