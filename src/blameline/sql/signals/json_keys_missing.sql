-- Share of the JSON answers that lack a key which 95% of those of their segment had in the first quarter of the window.
-- direction: lower
-- unit: share of JSON answers
-- family: behaviour
-- part: signal
-- reads: facts_of_objects.keys, usual.keys
-- needs: the words of answers that are JSON objects (--content redacted or full), twenty or more of a segment in the first quarter
-- bias: a key that was dropped on purpose is missing too
CREATE OR REPLACE TEMP VIEW signal AS
SELECT o.trace_id, (len(list_intersect(o.keys, u.keys)) < len(u.keys))::INTEGER AS value
FROM facts_of_objects o
JOIN traces t USING (trace_id)
JOIN usual u USING (segment_id)
WHERE len(u.keys) > 0
