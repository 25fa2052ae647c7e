-- Keep one replay result.
INSERT INTO replays VALUES (redacted($case_id), $signal, redacted($run), redacted_map($config), $score, $file_id)
