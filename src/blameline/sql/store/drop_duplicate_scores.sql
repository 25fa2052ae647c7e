-- Of scores with the same key keep one.
DELETE FROM scores
WHERE rowid IN (
    SELECT number
    FROM (
        SELECT
            scores.rowid AS number,
            row_number() OVER (PARTITION BY score_key ORDER BY attributes::VARCHAR, file_id, scores.rowid) AS place
        FROM scores
        SEMI JOIN (SELECT score_key FROM scores GROUP BY score_key HAVING count(*) > 1) AS twice USING (score_key)
    )
    WHERE place > 1
)
