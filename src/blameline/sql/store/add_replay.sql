-- Keep the replay results of one file.
INSERT INTO replays
SELECT joining_id(case_id, clean[-3]), clean[-2], joining_id(run, clean[-1]), kept_map(config, clean), score, $file_id
FROM (
    SELECT
        *,
        redacted_values(TRUE, map_keys(config), map_values(config), [case_id, signal, run]) AS clean
    FROM (
        SELECT
            unnest($case_id::VARCHAR[]) AS case_id, unnest($signal::VARCHAR[]) AS signal, unnest($run::VARCHAR[]) AS run,
            unnest($config::VARCHAR[])::JSON::MAP(VARCHAR, VARCHAR) AS config, unnest($score::DOUBLE[]) AS score
    )
)
