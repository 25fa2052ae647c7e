-- The eval run of one id.
SELECT record FROM eval_runs WHERE run_id = $run_id
