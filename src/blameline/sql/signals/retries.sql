-- Share of requests in which an attempt was made again.
-- direction: lower
-- unit: share of requests with several spans
-- family: cost
-- part: context
-- reads: facts.retried
-- needs: several spans a request
-- bias: where inputs are not on record, whatever follows a failure is taken to be the same again
CREATE OR REPLACE TEMP VIEW signal AS
SELECT trace_id, retried::INTEGER AS value FROM facts
