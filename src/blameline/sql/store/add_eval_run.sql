-- Keep one eval run.
INSERT INTO eval_runs VALUES ($run_id, $ran_at, $suite, redacted($record), $file_id)
