-- How many values each of the named attributes takes, on how many traces, and how many values were first seen late.
WITH meaning AS (SELECT mark, any_value(carried) AS carried, min(start_at) AS first_seen FROM marks GROUP BY mark),
told AS (
    SELECT mark, first_seen, unnest($names::VARCHAR[]) AS attribute, nullif(unnest(carried), '') AS value FROM meaning
),
alike AS (SELECT marks, count(*) AS traces FROM outlines GROUP BY marks),
of_traces AS (
    SELECT attribute, value, sum(traces) AS traces
    FROM (
        SELECT DISTINCT a.marks, a.traces, t.attribute, t.value
        FROM (SELECT marks, traces, unnest(marks) AS mark FROM alike) a
        JOIN told t USING (mark)
        WHERE t.value IS NOT NULL
    )
    GROUP BY ALL
),
of_spans AS (
    SELECT attribute, value, min(first_seen) AS first_seen FROM told WHERE value IS NOT NULL GROUP BY ALL
)
SELECT attribute, count(*) AS distinct_values, sum(traces)::BIGINT AS traces,
       count(*) FILTER (WHERE first_seen > $late) AS late_values
FROM of_traces JOIN of_spans USING (attribute, value)
GROUP BY attribute
ORDER BY attribute
