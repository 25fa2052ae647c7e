-- Which signals a named judge has scored, each with how many of its scores name one.
SELECT signal, count(*) AS n FROM measurements WHERE judge IS NOT NULL GROUP BY signal ORDER BY signal
