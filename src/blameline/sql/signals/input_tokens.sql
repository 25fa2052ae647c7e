-- How many tokens go into the model.
-- direction: none
-- unit: log of tokens, capped at 10,000,000
-- family: cost
-- part: context
-- reads: facts.input_tokens
-- needs: gen_ai.usage.input_tokens
-- bias: longer conversations and documents move it
CREATE OR REPLACE TEMP VIEW signal AS
SELECT trace_id, ln(1 + least(greatest(input_tokens, 0), 10000000)) AS value FROM facts WHERE input_tokens IS NOT NULL
