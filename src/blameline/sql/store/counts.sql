-- How much of each kind the case file holds.
SELECT
    (SELECT count(*) FROM span_rows) AS spans,
    (SELECT count(*) FROM scores) AS scores,
    (SELECT count(DISTINCT change_id) FROM changes) AS changes,
    (
        SELECT count(DISTINCT run_id)
        FROM eval_runs
        WHERE run_id NOT IN (SELECT r.same FROM (SELECT TRY_CAST(record AS JSON) ->> 'same' AS same FROM eval_runs) r WHERE r.same IS NOT NULL)
    ) AS eval_runs,
    (SELECT count(*) FROM replays) AS replays,
    (SELECT count(DISTINCT (system, alert_id, raised_at)) FROM alerts) AS alerts
