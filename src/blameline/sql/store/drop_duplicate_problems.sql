-- Of the same fault told twice keep one.
DELETE FROM problems
WHERE rowid IN (
    SELECT number
    FROM (SELECT rowid AS number, row_number() OVER (PARTITION BY source, line, message ORDER BY file_id NULLS LAST, rowid) AS place FROM problems)
    WHERE place > 1
)
