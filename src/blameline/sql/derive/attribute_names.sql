-- Which attribute names the spans carry, and on how many spans.
SELECT attribute, count(*) AS spans
FROM (SELECT unnest(names) AS attribute FROM span_rows)
GROUP BY attribute
ORDER BY attribute
