-- Keep the changes of one file.
INSERT INTO changes
SELECT words[1], took_effect, kind, layer, recorded, slack, words[2], $file_id
FROM (
    SELECT * EXCLUDE (change_id, record), redacted_texts([change_id, record]) AS words
    FROM (
        SELECT
            unnest($change_id::VARCHAR[]) AS change_id, unnest($took_effect::TIMESTAMP[]) AS took_effect,
            unnest($kind::VARCHAR[]) AS kind, unnest($layer::VARCHAR[]) AS layer, unnest($recorded::TIMESTAMP[]) AS recorded,
            unnest($slack::DOUBLE[]) AS slack, unnest($record::VARCHAR[]) AS record
    )
)
