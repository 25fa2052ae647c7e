-- An answer counts once: measurements of another judge that scored it again, six hours after the first or later, are kept in rescored alone.
DELETE FROM measurements
WHERE (trace_id, signal, coalesce(judge, '')) IN (
    SELECT trace_id, signal, coalesce(judge, '')
    FROM (SELECT trace_id, signal, judge, scored_at, min(scored_at) OVER (PARTITION BY trace_id, signal) AS first_at FROM rescored WHERE NOT frozen)
    GROUP BY trace_id, signal, judge
    HAVING min(scored_at) >= min(first_at) + INTERVAL 6 HOUR
)
