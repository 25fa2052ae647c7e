-- Share of requests that were answered in another language than they were asked in.
-- direction: lower
-- unit: share of requests with both languages
-- family: behaviour
-- part: signal
-- reads: facts.output_language, facts_of_words.question_language
-- needs: the words of questions (--content redacted or full), and answers
-- bias: told by common words and scripts; a request to translate is answered in another language with reason
CREATE OR REPLACE TEMP VIEW signal AS
SELECT f.trace_id, (f.output_language <> w.question_language)::INTEGER AS value
FROM facts f
JOIN facts_of_words w USING (trace_id)
WHERE f.output_language IS NOT NULL AND w.question_language IS NOT NULL
