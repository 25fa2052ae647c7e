-- Of the same fault told twice keep one.
DELETE FROM problems
WHERE rowid NOT IN (SELECT min(rowid) FROM problems GROUP BY source, line, message)
