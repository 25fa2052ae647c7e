-- Take back what one file brought: eval runs.
DELETE FROM eval_runs WHERE file_id = $file_id
