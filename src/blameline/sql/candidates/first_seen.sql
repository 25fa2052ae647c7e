-- Each layer version that the traces carry: first and last seen, and on how many traces.
WITH carried AS (                                        -- by version set first: there are few of them, and many traces
    SELECT t.version_id, min(t.start_at) AS first_seen, max(t.start_at) AS last_seen, count(*) AS n
    FROM traces t
    WHERE t.start_at >= $since AND t.start_at < $until
    GROUP BY t.version_id
),
entries AS (
    SELECT unnest(map_entries(v.versions)) AS e, c.first_seen, c.last_seen, c.n
    FROM carried c JOIN version_sets v USING (version_id)
),
parts AS (
    SELECT e.key AS key, unnest(string_split(e.value, ' + ')) AS value, first_seen, last_seen, n FROM entries
),
again AS (
    SELECT DISTINCT trace_id, signal FROM rescored WHERE NOT frozen
),
judged AS (                                              -- an answer that was scored again later does not say when its judge came
    SELECT m.judge, max(t.start_at) AS last_seen, count(*) AS n,
           coalesce(min(t.start_at) FILTER (a.trace_id IS NULL), min(t.start_at)) AS first_seen
    FROM measurements m JOIN traces t USING (trace_id)
    LEFT JOIN again a ON a.trace_id = m.trace_id AND a.signal = m.signal
    WHERE m.judge IS NOT NULL AND t.start_at >= $since AND t.start_at < $until
    GROUP BY m.judge
),
judges AS (
    SELECT unnest(map_entries(r.versions)) AS e, j.first_seen, j.last_seen, j.n
    FROM judged j JOIN rulers r USING (judge)
)
SELECT key, value, min(first_seen) AS first_seen, max(last_seen) AS last_seen, sum(n)::BIGINT AS n
FROM (
    SELECT key, value, first_seen, last_seen, n FROM parts
    UNION ALL
    SELECT e.key, e.value, first_seen, last_seen, n FROM judges
)
GROUP BY key, value
ORDER BY key, first_seen, value
