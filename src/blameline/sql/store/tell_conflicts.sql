-- Say of each file whose record of a change or an eval run is not the only one under its id.
INSERT INTO problems
WITH told AS (
    SELECT 'the change id ''' || change_id || '''' AS what, record, file_id FROM changes
    UNION ALL
    SELECT 'the eval run id ''' || run_id || '''', record, file_id FROM eval_runs
),
torn AS (SELECT what FROM told GROUP BY what HAVING count(DISTINCT record) > 1)
SELECT DISTINCT
    f.source,
    NULL::BIGINT,
    t.what || ' stands for different things; the record written last counts, or the one that says most',
    NULL::BIGINT
FROM told t
SEMI JOIN torn USING (what)
JOIN (SELECT file_id, min(source) AS source FROM files GROUP BY file_id) f USING (file_id)
