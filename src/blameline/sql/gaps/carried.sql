-- Which attributes the spans carry that speak of losses, of sampling or of the instrumentation, and on how many spans.
WITH sets AS (SELECT names, count(*) AS n FROM span_rows GROUP BY names),
told AS (SELECT unnest(list_distinct(names)) AS attribute, n FROM sets)
SELECT attribute, sum(n)::BIGINT AS n
FROM told
WHERE regexp_matches(attribute, '(?i)^otel\.dropped_|sampl|(^|[._])trace_?state$|^_dd\..*_psr$|(sdk|distro|scope|instrumentation)\.version$')
GROUP BY attribute
ORDER BY attribute
