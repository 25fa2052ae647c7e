-- What a task costs that was resolved: the whole conversation where there are any, and it ended with an answer.
-- direction: lower
-- unit: log of 1 + millionths of a dollar, capped at 1,000 dollars
-- family: cost
-- part: context
-- reads: facts.cost_usd, facts.answered
-- needs: gen_ai.usage.cost, and how calls of models ended
-- bias: tasks without an answer cost as well, and are not in it; an answer need not have resolved anything
CREATE OR REPLACE TEMP VIEW signal AS
SELECT trace_id, ln(1 + 1e6 * least(greatest(cost, 0), 1000)) AS value
FROM (
    SELECT f.trace_id, CASE WHEN f.talk IS NOT NULL THEN k.task_cost_usd WHEN f.answered THEN f.cost_usd END AS cost
    FROM facts f
    LEFT JOIN facts_of_talks k USING (trace_id)
)
WHERE cost IS NOT NULL
