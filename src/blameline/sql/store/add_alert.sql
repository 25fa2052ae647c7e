-- Keep one alert.
INSERT INTO alerts VALUES ($alert_id, $system, $raised_at, $record, $file_id)
