-- Every eval run once, by the time it ran; of several records under one id the one that says most.
SELECT e.record, f.source
FROM eval_runs e
LEFT JOIN (SELECT file_id, min(source) AS source FROM files GROUP BY file_id) f USING (file_id)
QUALIFY row_number() OVER (PARTITION BY e.run_id ORDER BY length(e.record) DESC, e.record, f.source, e.file_id) = 1
ORDER BY e.ran_at, e.run_id
