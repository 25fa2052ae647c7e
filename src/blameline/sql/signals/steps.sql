-- How many calls of models, tools and retrievers a request takes.
-- direction: none
-- unit: log of the number of steps, capped at 1,000
-- family: task
-- part: context
-- reads: facts.steps
-- needs: spans of calls of models, tools or retrievers
-- bias: harder tasks take more steps, and so do new tools
CREATE OR REPLACE TEMP VIEW signal AS
SELECT trace_id, ln(1 + least(steps, 1000)) AS value FROM facts WHERE steps IS NOT NULL
