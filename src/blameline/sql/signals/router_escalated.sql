-- Share of requests in which another model took over from the first.
-- direction: none
-- unit: share of requests with a model
-- family: cost
-- part: context
-- reads: facts.rerouted
-- needs: the models of calls: gen_ai.response.model or gen_ai.request.model
-- bias: an agent that uses two models on purpose does so all the time
CREATE OR REPLACE TEMP VIEW signal AS
SELECT trace_id, rerouted::INTEGER AS value FROM facts
