-- Share of requests at which the user gave up, by the application's own account.
-- direction: lower
-- unit: share
-- family: task
-- part: signal
-- reads: facts.abandoned
-- needs: an attribute that says so, such as app.abandoned
-- bias: as the application counts it, often by a timeout; who got what they came for leaves too
CREATE OR REPLACE TEMP VIEW signal AS
SELECT trace_id, coalesce(abandoned, (SELECT CASE WHEN bool_and(abandoned) THEN FALSE END FROM facts))::INTEGER AS value FROM facts
