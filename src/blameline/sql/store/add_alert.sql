-- Keep the alerts of one file.
INSERT INTO alerts
SELECT words[1], system, raised_at, words[2], $file_id
FROM (
    SELECT system, raised_at, redacted_texts([alert_id, record]) AS words
    FROM (
        SELECT
            unnest($alert_id::VARCHAR[]) AS alert_id, unnest($system::VARCHAR[]) AS system,
            unnest($raised_at::TIMESTAMP[]) AS raised_at, unnest($record::VARCHAR[]) AS record
    )
)
