-- Keep the alerts of one file.
INSERT INTO alerts
SELECT redacted(alert_id), system, raised_at, redacted(record), $file_id
FROM (
    SELECT
        unnest($alert_id::VARCHAR[]) AS alert_id, unnest($system::VARCHAR[]) AS system,
        unnest($raised_at::TIMESTAMP[]) AS raised_at, unnest($record::VARCHAR[]) AS record
)
