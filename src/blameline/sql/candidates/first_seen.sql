-- Each layer version that the traces carry: first and last seen, and on how many traces.
WITH carried AS (
    SELECT t.start_at, unnest(map_entries(v.versions)) AS e FROM traces t JOIN version_sets v USING (version_id)
    WHERE t.start_at >= $since AND t.start_at < $until
),
parts AS (
    SELECT e.key AS key, unnest(string_split(e.value, ' + ')) AS value, start_at FROM carried
),
judged AS (
    SELECT m.judge, min(t.start_at) AS first_seen, max(t.start_at) AS last_seen, count(*) AS n
    FROM measurements m JOIN traces t USING (trace_id)
    WHERE m.judge IS NOT NULL AND t.start_at >= $since AND t.start_at < $until
    GROUP BY m.judge
),
in_time AS (                                             -- an answer that was scored again later does not say when its judge came
    SELECT m.judge, min(t.start_at) AS first_seen
    FROM measurements m JOIN traces t USING (trace_id)
    ANTI JOIN rescored r ON r.trace_id = m.trace_id AND r.signal = m.signal AND NOT r.frozen
    WHERE m.judge IS NOT NULL AND t.start_at >= $since AND t.start_at < $until
    GROUP BY m.judge
),
judges AS (
    SELECT unnest(map_entries(r.versions)) AS e, coalesce(i.first_seen, j.first_seen) AS first_seen, j.last_seen, j.n
    FROM judged j JOIN rulers r USING (judge) LEFT JOIN in_time i USING (judge)
)
SELECT key, value, min(first_seen) AS first_seen, max(last_seen) AS last_seen, sum(n)::BIGINT AS n
FROM (
    SELECT key, value, min(start_at) AS first_seen, max(start_at) AS last_seen, count(*) AS n FROM parts GROUP BY key, value
    UNION ALL
    SELECT e.key, e.value, first_seen, last_seen, n FROM judges
)
GROUP BY key, value
ORDER BY key, first_seen, value
