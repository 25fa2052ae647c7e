-- How many measurements name the judge that gave them.
SELECT count(*) AS n, count(judge) AS judged FROM measurements WHERE signal IN (SELECT name FROM scores)
