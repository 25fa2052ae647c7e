-- One row a trace: when it began, the marks of its spans, and the mark of its root.
CREATE TEMP TABLE outlines AS
SELECT trace_id, min(start_at) AS start_at, bool_or(parent_id IS NULL) AS has_root,
       list_sort(list_distinct(list(mark))) AS marks,
       arg_min(mark, (parent_id IS NOT NULL, start_ns, span_id)) AS root_mark
FROM marks
GROUP BY trace_id
