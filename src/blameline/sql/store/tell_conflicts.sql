-- Say of each file whose record of a change or an eval run is not the only one under its id. Of an eval run a time that was taken from the file itself,
-- and a record that does not part its cases by segment, say less than the others and nothing else.
INSERT INTO problems
WITH runs AS (
    SELECT 'the eval run id ''' || run_id || '''' AS what, TRY_CAST(record AS JSON) AS said, record, file_id FROM eval_runs
),
parts AS (
    SELECT
        what,
        said,
        said ->> 'time_from' AS time_from,
        list_sum((said -> '$.slices[*].n')::BIGINT[]) AS n,
        list_sum((said -> '$.slices[*].passed')::BIGINT[]) AS passed,
        list_bool_or([one <> '{}' FOR one IN (said -> '$.slices[*].segment')::VARCHAR[]]) AS parted
    FROM runs
),
aspects AS (
    SELECT 'the change id ''' || change_id || '''' AS what, 'all' AS aspect, record AS told FROM changes
    UNION ALL
    SELECT
        what,
        'all',
        coalesce(
            json_merge_patch(said, '{"at": null, "reason": null, "slices": null, "case_dates": null, "same": null, "time_from": null}')::VARCHAR,
            record
        )
    FROM runs
    UNION ALL
    SELECT what, 'time', said ->> 'at' FROM parts WHERE time_from IS DISTINCT FROM 'file'
    UNION ALL
    SELECT what, 'reason', coalesce(said ->> 'reason', '') FROM parts WHERE time_from IS NULL
    UNION ALL
    SELECT what, 'counts', concat_ws(' ', passed, 'of', n) FROM parts WHERE n IS NOT NULL
    UNION ALL
    SELECT what, 'slices', (said -> 'slices')::VARCHAR FROM parts WHERE parted
    UNION ALL
    SELECT what, 'dates', (said -> 'case_dates')::VARCHAR FROM parts WHERE json_array_length(said, '$.case_dates') > 0
),
torn AS (SELECT DISTINCT what FROM aspects GROUP BY what, aspect HAVING count(DISTINCT told) > 1),
held AS (
    SELECT 'the change id ''' || change_id || '''' AS what, file_id FROM changes
    UNION ALL
    SELECT what, file_id FROM runs
)
SELECT DISTINCT
    f.source,
    NULL::BIGINT,
    h.what || ' stands for different things; the record written last counts, or the one that says most',
    NULL::BIGINT
FROM held h
SEMI JOIN torn USING (what)
JOIN (SELECT file_id, min(source) AS source FROM files GROUP BY file_id) f USING (file_id)
