-- Of the same fault of the same file told twice, under whichever of its names, keep one.
DELETE FROM problems
WHERE rowid IN (
    SELECT number
    FROM (
        SELECT rowid AS number, row_number() OVER (PARTITION BY file_id, line, message ORDER BY source, rowid) AS place
        FROM problems
        WHERE file_id IS NOT NULL
    )
    WHERE place > 1
)
