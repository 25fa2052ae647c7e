-- How many log records of questions and answers name no span, by file.
INSERT INTO problems
SELECT redacted(source), NULL::BIGINT, count(*)::VARCHAR || ' log records of questions and answers name no span and were not read', file_id
FROM incoming_logs
WHERE hex_id(trace_id) IS NULL OR hex_id(span_id) IS NULL
GROUP BY source, file_id
