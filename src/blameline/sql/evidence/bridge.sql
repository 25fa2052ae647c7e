-- The same answers scored on both sides of an onset: by a judge that left and one that came with it, or, where none did, before it and after it.
WITH reign AS (                                          -- each judge's share of the scores in the days before and after, what was scored again left out
    SELECT m.judge, count(*) FILTER (t.start_at < $low) / greatest(sum(count(*) FILTER (t.start_at < $low)) OVER (), 1) AS early,
           count(*) FILTER (t.start_at >= $high) / greatest(sum(count(*) FILTER (t.start_at >= $high)) OVER (), 1) AS late
    FROM measurements m
    JOIN traces t USING (trace_id)
    ANTI JOIN rescored r ON r.trace_id = m.trace_id AND r.signal = m.signal AND NOT r.frozen
    WHERE m.signal = $signal AND t.start_at >= $low::TIMESTAMP - INTERVAL 3 DAY AND t.start_at < $high::TIMESTAMP + INTERVAL 3 DAY
    GROUP BY m.judge
),
came AS (SELECT coalesce(sum(late - early) FILTER (late - early > 0.1), 0) AS share FROM reign),
sided AS (
    SELECT r.item, r.frozen, r.judge, r.value, c.share,
           CASE WHEN c.share > 0.1 AND g.late - g.early > 0.1 THEN 'new'
                WHEN c.share > 0.1 AND coalesce(g.late - g.early, -1) < -0.1 THEN 'old'
                WHEN c.share > 0.1 THEN NULL
                WHEN r.scored_at >= $high THEN 'new'
                WHEN r.scored_at < $low THEN 'old' END AS side
    FROM rescored r
    CROSS JOIN came c
    LEFT JOIN reign g ON g.judge IS NOT DISTINCT FROM r.judge
    WHERE r.signal = $signal AND r.scored_at >= $since
)
SELECT item, frozen, avg(value) FILTER (side = 'old') AS old, avg(value) FILTER (side = 'new') AS new, count(*) AS scores,
       min(judge) FILTER (side = 'old') AS old_judge, min(judge) FILTER (side = 'new') AS new_judge, share > 0.1 AS by_judge,
       CASE WHEN share > 0.1 THEN share ELSE 1.0 END AS reach
FROM sided
WHERE side IS NOT NULL
GROUP BY item, frozen, share, CASE WHEN share <= 0.1 THEN coalesce(judge, '') END  -- without a new judge, each one against itself
HAVING count(*) FILTER (side = 'old') > 0 AND count(*) FILTER (side = 'new') > 0
ORDER BY frozen, item, old_judge
