-- Share of requests that ask for another answer to the same question.
-- direction: lower
-- unit: share
-- family: task
-- part: signal
-- reads: facts.regenerated
-- needs: an attribute that says so, such as app.regenerated
-- bias: users try again for the fun of it as well
CREATE OR REPLACE TEMP VIEW signal AS
SELECT trace_id, coalesce(regenerated, (SELECT CASE WHEN bool_and(regenerated) THEN FALSE END FROM facts))::INTEGER AS value FROM facts
