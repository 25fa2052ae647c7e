-- One row a trace, signal and judge: the mean of the scores of that name on that trace.
INSERT INTO measurements
SELECT c.trace_id, c.name, ruler_of(c.evaluator, c.attributes, $names::VARCHAR[]) AS judge, avg(c.value)
FROM scores c
SEMI JOIN traces t ON t.trace_id = c.trace_id
GROUP BY c.trace_id, c.name, judge
