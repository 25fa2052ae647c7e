-- Each span's values of the attributes that have a role, under one hash: there are few distinct ones, and many spans.
CREATE TEMP TABLE marks AS
WITH wanted AS (SELECT coalesce(list(attribute ORDER BY attribute), []) AS carriers FROM (SELECT DISTINCT attribute FROM roles)),
told AS (
    SELECT trace_id, span_id, parent_id, start_at, start_ns,
           CASE WHEN op IN ('embeddings', 'evaluation') THEN op ELSE '' END AS op,
           list_transform(wanted.carriers, lambda name: nullif(said_of(names, said, name), '')) AS carried
    FROM span_rows, wanted
)
SELECT trace_id, span_id, parent_id, start_at, start_ns, op, carried, hash(op, carried) AS mark FROM told
