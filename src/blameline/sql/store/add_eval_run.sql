-- Keep one eval run.
INSERT INTO eval_runs VALUES (redacted($run_id), $ran_at, redacted($suite), redacted($record), $file_id)
