-- Keep the eval runs of one file.
INSERT INTO eval_runs
SELECT words[1], ran_at, words[2], words[3], $file_id
FROM (
    SELECT ran_at, redacted_texts([run_id, suite, record]) AS words
    FROM (
        SELECT
            unnest($run_id::VARCHAR[]) AS run_id, unnest($ran_at::TIMESTAMP[]) AS ran_at, unnest($suite::VARCHAR[]) AS suite,
            unnest($record::VARCHAR[]) AS record
    )
)
