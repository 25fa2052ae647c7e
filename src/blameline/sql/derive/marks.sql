-- Each span's values of the named attributes, under one number: there are few distinct ones, and many spans. (DuckDB's own
-- hash() gives one number to many texts that differ in few places.)
CREATE TEMP TABLE marks AS
WITH told AS (
    SELECT trace_id, span_id, parent_id, start_at, start_ns,
           CASE WHEN op IN ('embeddings', 'evaluation') THEN op ELSE '' END AS op,
           list_select(said, list_transform($names::VARCHAR[], lambda name: coalesce(list_position(names, name), 0))) AS carried
    FROM span_rows
)
SELECT trace_id, span_id, parent_id, start_at, start_ns, op, carried, md5_number_lower(op || to_json(carried)) AS mark FROM told
