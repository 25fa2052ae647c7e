-- Every alert once, by the time it was raised; of the copies of one alert the one that says most.
SELECT record
FROM alerts
QUALIFY row_number() OVER (PARTITION BY system, alert_id, raised_at ORDER BY length(record) DESC, record, file_id) = 1
ORDER BY raised_at, system, alert_id
