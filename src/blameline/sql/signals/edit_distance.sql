-- How far users edited the answer.
-- direction: lower
-- unit: log of the distance as recorded, capped at 100,000
-- family: task
-- part: context
-- reads: facts.edited
-- needs: an attribute that says so, such as app.edit_distance
-- bias: longer answers are edited more; who discards an answer edits nothing
CREATE OR REPLACE TEMP VIEW signal AS
SELECT trace_id, ln(1 + least(edited, 100000)) AS value FROM facts WHERE edited >= 0
