-- Whether any answer can have been scored more than once (more scores than measurements, or several judges), and how many requests there are.
SELECT (SELECT count(*) FROM scores) > (SELECT count(*) FROM measurements)
    OR EXISTS (SELECT signal FROM measurements GROUP BY signal HAVING count(DISTINCT coalesce(judge, '')) > 1) AS repeated,
    (SELECT count(*) FROM traces) AS traces
