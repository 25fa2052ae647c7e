-- How many measurements name the judge that gave them.
SELECT count(*) AS n, count(judge) AS judged FROM measurements WHERE signal NOT IN ('request_failed', 'answer_truncated')
    AND signal NOT IN (SELECT 'contract:' || contract_id FROM contracts)
