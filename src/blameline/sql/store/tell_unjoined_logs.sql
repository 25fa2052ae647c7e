-- Say of each file how many of its log records belong to no span, or to one that is no call of a model.
INSERT INTO problems
SELECT
    f.source,
    NULL,
    count(*)::VARCHAR || ' log records of questions and answers belong to '
    || CASE WHEN s.span_id IS NULL THEN 'no span that was loaded' ELSE 'spans that are no calls of a model' END,
    NULL
FROM logs l
LEFT JOIN span_rows s ON s.trace_id = l.trace_id AND s.span_id = l.span_id
JOIN (SELECT file_id, min(source) AS source FROM files GROUP BY file_id) f ON f.file_id = l.file_id
WHERE s.content_state IS NULL
GROUP BY f.source, s.span_id IS NULL
