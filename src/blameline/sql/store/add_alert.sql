-- Keep the alerts of one file.
INSERT INTO alerts
SELECT
    unnest($alert_id::VARCHAR[]), unnest($system::VARCHAR[]), unnest($raised_at::TIMESTAMP[]), unnest($record::VARCHAR[]), $file_id
