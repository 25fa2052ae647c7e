-- Every eval run, by the time it ran.
SELECT record FROM eval_runs ORDER BY ran_at, run_id
