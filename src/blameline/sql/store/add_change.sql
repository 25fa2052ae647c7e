-- Keep the changes of one file.
INSERT INTO changes
SELECT redacted(change_id), took_effect, kind, layer, recorded, slack, redacted(record), $file_id
FROM (
    SELECT
        unnest($change_id::VARCHAR[]) AS change_id, unnest($took_effect::TIMESTAMP[]) AS took_effect,
        unnest($kind::VARCHAR[]) AS kind, unnest($layer::VARCHAR[]) AS layer, unnest($recorded::TIMESTAMP[]) AS recorded,
        unnest($slack::DOUBLE[]) AS slack, unnest($record::VARCHAR[]) AS record
)
