-- Share of requests that ended in an error: their root says so, or it says nothing and their last call of a model failed for good.
-- direction: lower
-- unit: share
-- family: behaviour
-- part: signal
-- reads: facts.failed
-- needs: a status of root spans, or of their calls of models
-- bias: an application that hides its errors has none, and a call that fails in the background after the answer counts; a request with neither status nor end is not counted
CREATE OR REPLACE TEMP VIEW signal AS
SELECT trace_id, failed::INTEGER AS value FROM facts
