-- Keep one replay result.
INSERT INTO replays VALUES ($case_id, $signal, $run, $config, $score, $file_id)
