-- Keep one change.
INSERT INTO changes VALUES ($change_id, $took_effect, $kind, $layer, $recorded, $slack, redacted($record), $file_id)
