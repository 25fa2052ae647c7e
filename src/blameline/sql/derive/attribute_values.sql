-- How many values each of the named attributes takes, on how many traces, and how many values were first seen late.
WITH entries AS (
    SELECT trace_id, start_at, unnest($names::VARCHAR[]) AS attribute, unnest(list_transform($names::VARCHAR[], lambda name: said_of(names, said, name))) AS value
    FROM span_rows
),
by_value AS (
    SELECT attribute, value, count(DISTINCT trace_id) AS traces, min(start_at) AS first_seen
    FROM entries
    WHERE value IS NOT NULL AND value <> ''
    GROUP BY ALL
)
SELECT attribute, count(*) AS distinct_values, sum(traces)::BIGINT AS traces,
       count(*) FILTER (WHERE first_seen > $late) AS late_values
FROM by_value
GROUP BY attribute
ORDER BY attribute
