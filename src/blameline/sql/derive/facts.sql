-- One row a trace: what its spans and its calls of models tell of it. Attempts that were made again count for cost, and for nothing else.
INSERT INTO facts
WITH telling AS (  -- formats that say when something failed
    SELECT DISTINCT f.format
    FROM (SELECT DISTINCT file_id FROM span_rows WHERE status IS NOT NULL OR finish = 'error') s
    JOIN files f USING (file_id)
),
ends AS (
    SELECT file_id, bool_or(format IN (SELECT format FROM telling)) AS telling FROM files GROUP BY file_id
),
spans AS (
    SELECT
        s.trace_id,
        bool_or(CASE WHEN s.status IS NULL AND s.duration_ms IS NULL AND s.finish IS NULL THEN NULL ELSE coalesce(s.status = 'error', FALSE) END)
            FILTER (s.parent_id IS NULL AND e.telling AND r.span_id IS NULL) AS root_failed,
        bool_and(s.status IS NULL AND coalesce(s.finish, 'error') = 'error') FILTER (s.parent_id IS NULL AND e.telling AND r.span_id IS NULL) AS unsaid,
        max(CASE
            WHEN s.op IN ('retrieval', 'execute_tool') AND s.status IS DISTINCT FROM 'error' AND s.duration_ms IS NOT NULL
                THEN epoch_us(s.start_at) - 1  -- what began before the call failed is no way on
            WHEN s.status = 'ok' AND s.finish IS DISTINCT FROM 'error' AND s.op NOT IN ('evaluation', 'guardrail')
                THEN epoch_us(s.start_at) + coalesce(s.duration_ms, 0) * 1000
        END) FILTER (s.parent_id IS NOT NULL AND r.span_id IS NULL) AS went_on_us,
        bool_or(s.finish = 'length') FILTER (r.span_id IS NULL) AS truncated,
        bool_or(s.finish IN ('content_filter', 'refusal')) FILTER (r.span_id IS NULL) AS refused,
        count(*) FILTER (s.op IN ('retrieval', 'execute_tool') AND r.span_id IS NULL) AS steps,
        CASE WHEN count(*) > 1 THEN count(r.span_id) > 0 END AS retried,
        min(asked_model(s.op, s.names, s.said)) <> max(asked_model(s.op, s.names, s.said)) AS rerouted,
        bool_or(CASE WHEN s.status IS NULL AND s.duration_ms IS NULL THEN NULL ELSE coalesce(s.status = 'error', FALSE) END)
            FILTER (s.op = 'execute_tool' AND e.telling AND r.span_id IS NULL) AS tool_failed,
        coalesce(
            max(s.duration_ms) FILTER (s.parent_id IS NULL AND s.duration_ms >= 0),
            (max(s.start_ns + s.duration_ms * 1e6) - min(s.start_ns)) / 1e6
        ) AS latency_ms,
        CASE WHEN $first_token IS NOT NULL THEN min(1000 * number_of(said_of(s.names, s.said, $first_token))) END AS first_token_ms,
        CASE WHEN $regenerated IS NOT NULL THEN bool_or(says_yes(said_of(s.names, s.said, $regenerated))) END AS regenerated,
        CASE WHEN $escalated IS NOT NULL THEN bool_or(says_yes(said_of(s.names, s.said, $escalated))) END AS escalated,
        CASE WHEN $abandoned IS NOT NULL THEN bool_or(says_yes(said_of(s.names, s.said, $abandoned))) END AS abandoned,
        CASE WHEN $edited IS NOT NULL THEN max(number_of(said_of(s.names, s.said, $edited))) END AS edited,
        CASE WHEN $talk IS NOT NULL THEN min(nullif(said_of(s.names, s.said, $talk), '')) END AS talk
    FROM span_rows s
    JOIN ends e USING (file_id)
    LEFT JOIN retried r ON r.trace_id = s.trace_id AND r.span_id = s.span_id
    GROUP BY s.trace_id
),
calls AS (
    SELECT
        trace_id,
        count(*) FILTER (NOT retried) AS steps,
        bool_or(finish = 'length') FILTER (NOT retried) AS truncated,
        bool_or(ended IN ('refused', 'filtered')) FILTER (NOT retried AND ended <> 'unknown') AS refused,
        CASE  -- an unknown end is no success
            WHEN bool_or(ended NOT IN ('answered', 'unknown')) FILTER (NOT retried) THEN FALSE
            WHEN bool_or(ended = 'unknown') FILTER (NOT retried) THEN NULL
            ELSE TRUE
        END AS answered,
        max(epoch_us(start_at) + coalesce(duration_ms, 0) * 1000) FILTER (NOT retried AND ended = 'failed') AS fell_us,
        max(epoch_us(start_at) + coalesce(duration_ms, 0) * 1000)
            FILTER (NOT retried AND ended <> 'failed' AND (ended <> 'unknown' OR duration_ms IS NOT NULL)) AS went_on_us,
        sum(input_tokens) FILTER (input_tokens BETWEEN 0 AND 1e12)::BIGINT AS input_tokens,
        sum(output_tokens) FILTER (output_tokens BETWEEN 0 AND 1e12)::BIGINT AS output_tokens,
        sum(try_cast(round(CASE WHEN cost_usd BETWEEN 0 AND 1e9 THEN cost_usd END * 1e9) AS HUGEINT))::DOUBLE / 1e9 AS cost_usd,  -- in whole parts: the same whatever thread adds them
        sum(output_chars) FILTER (NOT retried AND content_state IN ('present', 'empty'))::BIGINT AS output_chars,
        CASE WHEN min(md5_number_lower(output_language)) = max(md5_number_lower(output_language)) THEN any_value(output_language) END AS output_language,
        bool_and(output_json) FILTER (NOT retried AND ended = 'answered' AND content_state = 'present') AS output_json,
        bool_or(output_fenced) FILTER (NOT retried AND ended = 'answered' AND content_state = 'present' AND output_json) AS output_fenced
    FROM generations
    GROUP BY trace_id
)
SELECT
    s.trace_id,
    -- a call that failed, and nothing went on after it, failed the request, unless its root says that all is well
    s.root_failed OR (s.unsaid AND coalesce(c.fell_us > greatest(c.went_on_us, s.went_on_us), c.fell_us IS NOT NULL)) AS failed,
    coalesce(c.truncated, s.truncated) AS truncated,
    coalesce(c.refused, s.refused) AS refused,
    CASE WHEN failed THEN FALSE ELSE c.answered END AS answered,
    nullif(s.steps + coalesce(c.steps, 0), 0) AS steps,
    s.retried,
    s.rerouted,
    s.tool_failed,
    c.input_tokens,
    c.output_tokens,
    c.cost_usd,
    s.latency_ms,
    s.first_token_ms,
    c.output_chars,
    c.output_language,
    c.output_json,
    c.output_fenced,
    s.regenerated,
    s.escalated,
    s.abandoned,
    s.edited,
    s.talk
FROM spans s
LEFT JOIN calls c USING (trace_id)
