-- Every replay result as columns.
SELECT case_id, signal, run, config, score FROM replays ORDER BY case_id, signal, run, config::VARCHAR, score
