-- One row a trace with an answer that is one JSON object: its keys.
INSERT INTO facts_of_objects
WITH told AS (
    SELECT trace_id, span_id, start_ns, coalesce(op, 'chat') AS op, content_names AS names, content_said AS said
    FROM span_rows
    WHERE output_json AND len(content_names) > 0
    UNION ALL BY NAME
    SELECT trace_id, span_id, coalesce(logged_ns, 0) AS start_ns, 'chat' AS op, content_names AS names, content_said AS said
    FROM logs
    WHERE output_json AND len(content_names) > 0
),
answers AS (
    SELECT t.trace_id, t.start_ns, t.span_id, message_text(answer_of(t.op, t.names, t.said)) AS answer
    FROM told t
    ANTI JOIN retried r ON r.trace_id = t.trace_id AND r.span_id = t.span_id
    WHERE $one_in = 1 OR t.trace_id IN (SELECT f.trace_id FROM facts f WHERE md5_number_lower(coalesce(f.talk, f.trace_id)) % $one_in::UBIGINT = 0)
),
objects AS (
    SELECT
        trace_id,
        start_ns,
        span_id,
        keys_of(CASE WHEN answer[1] = '{' THEN answer ELSE regexp_extract(answer, '```(?:(?i:json))?\s*(\{(?s:.*?))```', 1) END) AS keys
    FROM answers
)
SELECT trace_id, arg_max(keys, (start_ns, span_id))
FROM objects
WHERE keys IS NOT NULL
GROUP BY trace_id
