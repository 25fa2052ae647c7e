-- How long the answers are.
-- direction: none
-- unit: log of characters, capped at 100,000
-- family: behaviour
-- part: context
-- reads: facts.output_chars
-- needs: answers, or their length
-- bias: judges and users like long answers; a prompt that asks for short ones moves it
CREATE OR REPLACE TEMP VIEW signal AS
SELECT trace_id, ln(1 + least(output_chars, 100000)) AS value FROM facts WHERE output_chars IS NOT NULL
