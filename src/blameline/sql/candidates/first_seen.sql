-- Each layer version that the traces carry: first and last seen, and on how many traces.
WITH carried AS (
    SELECT t.start_at, unnest(map_entries(v.versions)) AS e FROM traces t JOIN version_sets v USING (version_id)
    WHERE t.start_at >= $since AND t.start_at < $until
),
parts AS (
    SELECT e.key AS key, unnest(string_split(e.value, ' + ')) AS value, start_at FROM carried
),
judges AS (
    SELECT 'judge:gen_ai.evaluation.evaluator.version' AS key, m.judge AS value, t.start_at
    FROM measurements m JOIN traces t USING (trace_id)
    WHERE m.judge IS NOT NULL AND t.start_at >= $since AND t.start_at < $until
)
SELECT key, value, min(start_at) AS first_seen, max(start_at) AS last_seen, count(*) AS n
FROM (SELECT * FROM parts UNION ALL SELECT * FROM judges)
GROUP BY key, value
ORDER BY key, first_seen, value
