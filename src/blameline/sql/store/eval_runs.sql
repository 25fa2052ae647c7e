-- Every eval run once, by the time it ran. Of several records of one run the one whose time is known counts before one that has it from a file's
-- name, and that before one that has it from the file itself; then the one that says most; of copies at different times the earliest. A run that is
-- named only by its results is left out where a record that knows the run's own id holds the same results.
WITH told AS (
    SELECT *, TRY_CAST(record AS JSON) AS said FROM eval_runs
),
weighed AS (
    SELECT
        run_id,
        ran_at,
        record,
        file_id,
        said,
        CASE said ->> 'time_from' WHEN 'file' THEN 2 WHEN 'name' THEN 1 ELSE 0 END AS guessed,
        json_array_length(said, '$.slices') AS slices,
        list_sum((said -> '$.slices[*].n')::BIGINT[]) AS cases
    FROM told
    WHERE run_id NOT IN (SELECT said ->> 'same' FROM told WHERE (said ->> 'same') IS NOT NULL)
)
SELECT coalesce(json_merge_patch(w.said, '{"same": null, "time_from": null}')::VARCHAR, w.record) AS record, f.source
FROM weighed w
LEFT JOIN (SELECT file_id, min(source) AS source FROM files GROUP BY file_id) f USING (file_id)
QUALIFY
    row_number() OVER (
        PARTITION BY w.run_id
        ORDER BY
            w.guessed,
            w.slices DESC NULLS LAST,
            w.cases DESC NULLS LAST,
            CASE WHEN w.guessed = 2 THEN w.ran_at END,
            length(w.record) DESC,
            w.record,
            f.source,
            w.file_id
    ) = 1
ORDER BY w.ran_at, w.run_id
