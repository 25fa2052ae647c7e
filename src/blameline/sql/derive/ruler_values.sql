-- How many values each of the named attributes of scores takes within one signal, on how many scores, and whether it is the judge's name itself.
WITH told AS (
    SELECT name, evaluator, unnest($names::VARCHAR[]) AS attribute, unnest(list_transform($names::VARCHAR[], lambda name: attributes[name])) AS value
    FROM scores
),
by_signal AS (
    SELECT attribute, name, count(DISTINCT value) AS distinct_values, count(value) AS n, bool_or(NOT contains(coalesce(evaluator, ''), value)) AS its_own
    FROM told
    WHERE value <> ''
    GROUP BY attribute, name
)
SELECT attribute, max(distinct_values) AS most, sum(n)::BIGINT AS n, bool_or(its_own) AS its_own
FROM by_signal
GROUP BY attribute
ORDER BY attribute
