-- How many files hold answers as log records, which are not read.
SELECT count(DISTINCT file_id) AS n FROM problems WHERE message LIKE '% in log records, which are not read'
