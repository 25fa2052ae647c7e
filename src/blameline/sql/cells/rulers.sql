-- What each judge stands for, by layer and attribute.
SELECT judge, versions FROM rulers ORDER BY judge
