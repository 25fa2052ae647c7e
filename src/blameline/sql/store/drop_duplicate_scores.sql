-- Of scores with the same key keep the one that says most, whatever the order they came in.
DELETE FROM scores
WHERE rowid IN (
    SELECT number
    FROM (
        SELECT
            scores.rowid AS number,
            row_number() OVER (
                PARTITION BY score_key
                ORDER BY cardinality(attributes) DESC, label NULLS LAST, evaluator NULLS LAST, response_id NULLS LAST,
                    scored_at NULLS LAST, attributes::VARCHAR, file_id, line
            ) AS place
        FROM scores
        SEMI JOIN (SELECT score_key FROM scores GROUP BY score_key HAVING count(*) > 1) AS twice USING (score_key)
    )
    WHERE place > 1
)
