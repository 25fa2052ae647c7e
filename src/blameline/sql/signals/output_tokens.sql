-- How many tokens come out of the model.
-- direction: none
-- unit: log of tokens, capped at 1,000,000
-- family: cost
-- part: context
-- reads: facts.output_tokens
-- needs: gen_ai.usage.output_tokens
-- bias: hidden reasoning counts where the provider counts it
CREATE OR REPLACE TEMP VIEW signal AS
SELECT trace_id, ln(1 + least(greatest(output_tokens, 0), 1000000)) AS value FROM facts WHERE output_tokens IS NOT NULL
