-- Keep the replay results of one file.
INSERT INTO replays
SELECT redacted(case_id), redacted(signal), redacted(run), redacted_map(config::JSON::MAP(VARCHAR, VARCHAR)), score, $file_id
FROM (
    SELECT
        unnest($case_id::VARCHAR[]) AS case_id, unnest($signal::VARCHAR[]) AS signal, unnest($run::VARCHAR[]) AS run,
        unnest($config::VARCHAR[]) AS config, unnest($score::DOUBLE[]) AS score
)
