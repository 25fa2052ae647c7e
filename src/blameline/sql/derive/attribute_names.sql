-- Which attribute names the spans carry, and on how many spans.
SELECT attribute, count(*) AS spans
FROM (SELECT unnest(map_keys(attributes)) AS attribute FROM spans)
GROUP BY attribute
ORDER BY attribute
