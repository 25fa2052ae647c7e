-- Whether any record is no JSON, as an older blameline may have left it.
SELECT 1
FROM (SELECT record FROM changes UNION ALL SELECT record FROM eval_runs UNION ALL SELECT record FROM alerts)
WHERE NOT json_valid(record)
LIMIT 1
