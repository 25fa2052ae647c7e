-- Share of requests whose root span ended in an error, and was not made again.
-- direction: lower
-- unit: share
-- family: behaviour
-- part: signal
-- reads: facts.failed
-- needs: a status of root spans
-- bias: an application that hides its errors has none; a request with neither status nor end is not counted
CREATE OR REPLACE TEMP VIEW signal AS
SELECT trace_id, failed::INTEGER AS value FROM facts
