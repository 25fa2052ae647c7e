-- Keep one alert.
INSERT INTO alerts VALUES (redacted($alert_id), $system, $raised_at, redacted($record), $file_id)
