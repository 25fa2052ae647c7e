-- The names of all that the scores say beside value and judge.
SELECT DISTINCT unnest(names) AS attribute FROM (SELECT DISTINCT map_keys(attributes) AS names FROM scores) ORDER BY attribute
