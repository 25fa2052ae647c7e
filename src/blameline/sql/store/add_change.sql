-- Keep one change.
INSERT INTO changes VALUES (redacted($change_id), $took_effect, $kind, $layer, $recorded, $slack, redacted($record), $file_id)
