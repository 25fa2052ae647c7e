-- Signals with answers that were scored more than once, and how many answers.
SELECT signal, count(DISTINCT item) AS items FROM rescored GROUP BY signal ORDER BY signal
