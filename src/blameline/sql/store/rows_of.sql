-- How many spans, scores and log records each of some files brought.
SELECT file_id, count(*) AS n
FROM (SELECT file_id FROM span_rows UNION ALL SELECT file_id FROM scores UNION ALL SELECT file_id FROM logs)
WHERE file_id IN (SELECT unnest($file_ids::BIGINT[]))
GROUP BY file_id
