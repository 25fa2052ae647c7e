-- What a request costs, all attempts included.
-- direction: lower
-- unit: log of 1 + millionths of a dollar, capped at 1,000 dollars
-- family: cost
-- part: context
-- reads: facts.cost_usd
-- needs: gen_ai.usage.cost
-- bias: as the source counts it; prices that changed move it
CREATE OR REPLACE TEMP VIEW signal AS
SELECT trace_id, ln(1 + 1e6 * least(greatest(cost_usd, 0), 1000)) AS value FROM facts WHERE cost_usd IS NOT NULL
