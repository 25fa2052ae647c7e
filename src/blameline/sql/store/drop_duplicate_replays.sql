-- Of the same result of the same run of a case keep one.
DELETE FROM replays
WHERE rowid IN (
    SELECT number
    FROM (
        SELECT
            rowid AS number,
            row_number() OVER (PARTITION BY case_id, signal, run, config::VARCHAR, score ORDER BY file_id, rowid) AS place
        FROM replays
    )
    WHERE place > 1
)
