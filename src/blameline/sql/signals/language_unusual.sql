-- Share of answers in another language than four in five of their segment had in the first quarter of the window.
-- direction: none
-- unit: share of answers
-- family: behaviour
-- part: context
-- reads: facts.output_language, usual.language
-- needs: answers with a language, twenty or more of a segment in the first quarter of the window
-- bias: other people with other languages move it as much as a model that switches
CREATE OR REPLACE TEMP VIEW signal AS
SELECT f.trace_id, (f.output_language <> u.language)::INTEGER AS value
FROM facts f
JOIN traces t USING (trace_id)
JOIN usual u USING (segment_id)
WHERE f.output_language IS NOT NULL AND u.language IS NOT NULL
