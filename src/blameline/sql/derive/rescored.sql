-- The scores of answers that were scored more than once: by several judges, or at several times.
INSERT INTO rescored
WITH several AS (
    SELECT c.trace_id, c.span_id, c.name
    FROM scores c
    SEMI JOIN traces t ON t.trace_id = c.trace_id
    GROUP BY c.trace_id, c.span_id, c.name
    HAVING count(*) > 1 AND (
        count(DISTINCT ruler_of(c.evaluator, c.attributes, $names::VARCHAR[])) > 1 OR max(c.scored_at) > min(c.scored_at)
    )
)
SELECT c.trace_id || ':' || coalesce(c.span_id, ''), FALSE, c.trace_id, c.name, ruler_of(c.evaluator, c.attributes, $names::VARCHAR[]) AS judge,
       coalesce(c.scored_at, t.start_at) AS moment, avg(c.value)
FROM scores c
JOIN several s ON s.trace_id = c.trace_id AND s.span_id IS NOT DISTINCT FROM c.span_id AND s.name = c.name
JOIN traces t ON t.trace_id = c.trace_id
GROUP BY c.trace_id, c.span_id, c.name, judge, moment
