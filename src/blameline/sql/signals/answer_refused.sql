-- Share of requests with an answer that was refused or filtered, and not asked for again.
-- direction: lower
-- unit: share
-- family: behaviour
-- part: signal
-- reads: facts.refused
-- needs: how calls of models ended: gen_ai.response.finish_reasons, a status, or their answers
-- bias: where the provider does not say it, told by the first words of an answer in six languages; more questions that ought to be refused move it too
CREATE OR REPLACE TEMP VIEW signal AS
SELECT trace_id, refused::INTEGER AS value FROM facts
