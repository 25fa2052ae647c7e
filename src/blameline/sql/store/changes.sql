-- Every declared change once, by the time it took effect; of several records under one id the one written last, then the most exact, then the one that says most.
SELECT c.record, f.source, c.file_id
FROM changes c
LEFT JOIN (SELECT file_id, min(source) AS source FROM files GROUP BY file_id) f USING (file_id)
QUALIFY row_number() OVER (
    PARTITION BY c.change_id ORDER BY c.recorded_at DESC NULLS LAST, c.slack, length(c.record) DESC, c.record, f.source, c.file_id
) = 1
ORDER BY c.took_effect, c.change_id
