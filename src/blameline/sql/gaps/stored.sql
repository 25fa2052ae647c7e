-- What the data does not hold, the worst first.
SELECT kind, what, source, n, whole AS "of", since, "until", unanswerable FROM gaps ORDER BY place
