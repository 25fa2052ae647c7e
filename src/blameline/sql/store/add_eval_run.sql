-- Keep the eval runs of one file.
INSERT INTO eval_runs
SELECT
    unnest($run_id::VARCHAR[]), unnest($ran_at::TIMESTAMP[]), unnest($suite::VARCHAR[]), unnest($record::VARCHAR[]), $file_id
