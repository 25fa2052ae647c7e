-- Attempts that a later sibling made again: one operation on one input, and the earlier one failed, or was cut, filtered or refused.
INSERT INTO retried
WITH fell AS (
    SELECT trace_id, span_id, parent_id, op
    FROM span_rows
    WHERE op IS NOT NULL AND (status = 'error' OR finish IN ('error', 'length', 'content_filter', 'refusal') OR output_refused)
),
families AS (SELECT DISTINCT trace_id, parent_id, op FROM fell),
siblings AS (
    SELECT
        s.trace_id,
        s.span_id,
        s.parent_id,
        s.op,
        s.start_ns,
        s.start_ns + coalesce(s.duration_ms, 0) * 1e6 AS end_ns,
        coalesce(s.status = 'error', FALSE) OR coalesce(s.finish = 'error', FALSE) AS failed,
        coalesce(s.finish IN ('length', 'content_filter', 'refusal') OR s.output_refused, FALSE) AS unanswered,
        CASE WHEN s.op IN ('chat', 'text_completion', 'generate_content', 'fetch_response') THEN '' ELSE coalesce(s.name, '') END AS name,
        coalesce(
            said_of(s.content_names, s.content_said, 'gen_ai.input.messages'),
            said_of(s.content_names, s.content_said, 'input.value'),
            said_of(s.content_names, s.content_said, 'gen_ai.prompt.0.content') || said_of(s.content_names, s.content_said, 'gen_ai.prompt.1.content'),
            said_of(s.content_names, s.content_said, 'gen_ai.prompt.0.content'),
            said_of(s.content_names, s.content_said, 'ai.prompt.messages'),
            said_of(s.content_names, s.content_said, 'langfuse.observation.input'),
            said_of(s.content_names, s.content_said, 'mlflow.spanInputs'),
            said_of(s.content_names, s.content_said, 'traceloop.entity.input'),
            said_of(s.content_names, s.content_said, 'gen_ai.tool.call.arguments'),
            said_of(s.content_names, s.content_said, 'question')
        ) AS input
    FROM span_rows s
    JOIN families f ON f.trace_id = s.trace_id AND f.op = s.op AND f.parent_id IS NOT DISTINCT FROM s.parent_id
),
-- where an input was not recorded, whatever the siblings say of it is taken to be the same
compared AS (
    SELECT
        * EXCLUDE (input),
        CASE WHEN min(input) OVER family = max(input) OVER family THEN min(input) OVER family ELSE input END AS input
    FROM siblings
    WINDOW family AS (PARTITION BY trace_id, parent_id, op, name)
),
attempts AS (
    SELECT
        *,
        max(start_ns) OVER request AS last_ns,
        row_number() OVER (request ORDER BY start_ns DESC, span_id DESC) AS from_last
    FROM compared
    WINDOW request AS (PARTITION BY trace_id, parent_id, op, name, input)
)
SELECT trace_id, span_id
FROM attempts
WHERE from_last > 1 AND last_ns >= end_ns - 1e6 AND (failed OR (unanswered AND input IS NOT NULL))
