-- The spans of each trace that tells more than one generation, by their place, with the place of the parent to climb to.
CREATE TEMP TABLE links AS
WITH told AS (
    SELECT
        rowid AS place,
        trace_id,
        span_id,
        parent_id,
        coalesce(op IN ('chat', 'text_completion', 'generate_content', 'fetch_response'), FALSE)
            OR (output_tokens IS NOT NULL AND coalesce(op IN ('invoke_agent', 'workflow', 'task'), TRUE)) AS generation
    FROM span_rows
),
wanted AS (
    SELECT trace_id
    FROM told
    WHERE generation
    GROUP BY trace_id
    HAVING count(*) > 1 AND count(parent_id) > 0
),
within AS (SELECT * FROM told SEMI JOIN wanted USING (trace_id))
SELECT w.place, w.generation, p.place AS up, FALSE AS climbed
FROM within w
LEFT JOIN within p ON p.trace_id = w.trace_id AND p.span_id = w.parent_id AND p.place <> w.place
