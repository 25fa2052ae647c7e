-- Keep the eval runs of one file.
INSERT INTO eval_runs
SELECT redacted(run_id), ran_at, redacted(suite), redacted(record), $file_id
FROM (
    SELECT
        unnest($run_id::VARCHAR[]) AS run_id, unnest($ran_at::TIMESTAMP[]) AS ran_at, unnest($suite::VARCHAR[]) AS suite,
        unnest($record::VARCHAR[]) AS record
)
