-- How long it takes until the answer begins.
-- direction: lower
-- unit: log of milliseconds, capped at an hour
-- family: time
-- part: context
-- reads: facts.first_token_ms
-- needs: gen_ai.response.time_to_first_chunk
-- bias: only calls that stream have one
CREATE OR REPLACE TEMP VIEW signal AS
SELECT trace_id, ln(1 + least(first_token_ms, 3600000)) AS value FROM facts WHERE first_token_ms >= 0
