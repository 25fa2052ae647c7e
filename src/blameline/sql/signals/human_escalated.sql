-- Share of requests that a human had to take over.
-- direction: lower
-- unit: share
-- family: task
-- part: signal
-- reads: facts.escalated
-- needs: an attribute that says so, such as app.escalated or app.handoff
-- bias: a rule that escalates more tasks on purpose moves it too
CREATE OR REPLACE TEMP VIEW signal AS
SELECT trace_id, coalesce(escalated, (SELECT CASE WHEN bool_and(escalated) THEN FALSE END FROM facts))::INTEGER AS value FROM facts
