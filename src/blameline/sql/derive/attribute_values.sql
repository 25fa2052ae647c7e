-- How many values each of the named attributes takes, on how many traces, and how many values were first seen late.
WITH entries AS (
    SELECT trace_id, start_at, unnest(list_filter(map_entries(attributes), lambda e: list_contains($names, e.key))) AS e
    FROM spans
),
by_value AS (
    SELECT e.key AS attribute, e.value AS value, count(DISTINCT trace_id) AS traces, min(start_at) AS first_seen
    FROM entries
    WHERE e.value IS NOT NULL AND e.value <> ''
    GROUP BY ALL
)
SELECT attribute, count(*) AS distinct_values, sum(traces)::BIGINT AS traces,
       count(*) FILTER (WHERE first_seen > $late) AS late_values
FROM by_value
GROUP BY attribute
ORDER BY attribute
