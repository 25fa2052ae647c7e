-- Replayed cases of the signal: which configuration, which score.
SELECT case_id, run, config, score FROM replays WHERE signal = $signal ORDER BY case_id, run, config::VARCHAR
