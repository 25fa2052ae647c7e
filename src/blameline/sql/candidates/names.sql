-- Which attribute names the spans carry.
SELECT DISTINCT unnest(names) AS attribute FROM (SELECT DISTINCT names FROM span_rows) ORDER BY attribute
