-- Share of whole answers that are not JSON, in segments where nine in ten were in the first quarter of the window.
-- direction: lower
-- unit: share of answers
-- family: behaviour
-- part: signal
-- reads: facts.output_json, usual.json
-- needs: answers that were nearly all JSON in the first quarter of the window, in a segment with twenty or more
-- bias: a segment that asks for JSON no longer looks the same as one that fails to give it
CREATE OR REPLACE TEMP VIEW signal AS
SELECT f.trace_id, (NOT f.output_json)::INTEGER AS value
FROM facts f
JOIN traces t USING (trace_id)
JOIN usual u USING (segment_id)
WHERE u.json >= 0.9
