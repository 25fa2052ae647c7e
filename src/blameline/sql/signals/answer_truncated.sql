-- Share of requests with an answer that was cut off by the token limit, and not made again.
-- direction: lower
-- unit: share
-- family: behaviour
-- part: signal
-- reads: facts.truncated
-- needs: why calls of models ended: gen_ai.response.finish_reasons
-- bias: longer questions and answers are cut more often, whatever their quality
CREATE OR REPLACE TEMP VIEW signal AS
SELECT trace_id, truncated::INTEGER AS value FROM facts
