-- Every alert once, by the time it was raised; of the copies of one alert the one with the latest end, then the one that says most.
SELECT a.record, f.source
FROM alerts a
LEFT JOIN (SELECT file_id, min(source) AS source FROM files GROUP BY file_id) f USING (file_id)
QUALIFY row_number() OVER (
    PARTITION BY a.system, a.alert_id, a.raised_at ORDER BY CASE WHEN json_valid(a.record) THEN a.record ->> '$.resolved_at' END DESC NULLS LAST, length(a.record) DESC, a.record, f.source, a.file_id
) = 1
ORDER BY a.raised_at, a.system, a.alert_id
