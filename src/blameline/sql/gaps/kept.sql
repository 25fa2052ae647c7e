-- How many generations there are, and how many of them had an answer when they were read.
SELECT count(*) AS whole, count(*) FILTER (WHERE coalesce(l.content_state, s.content_state) <> 'absent') AS n
FROM span_rows s
LEFT JOIN told_in_logs l ON l.trace_id = s.trace_id AND l.span_id = s.span_id
WHERE s.content_state IS NOT NULL
