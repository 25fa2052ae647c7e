-- The answer of each request: that of its last call of a model which was not made again and did not fail; of each call whose name
-- somebody asks for the last one, too. The words only where somebody asks for them ($words), and NULL where they are not on record.
CREATE OR REPLACE TEMP TABLE answers AS
WITH calls AS (
    SELECT
        g.trace_id, g.span_id, g.start_at, g.ended, g.finish, g.content_state, g.output_chars, g.output_language, g.output_fenced,
        g.output_json, g.output_refused, s.name, s.op, s.names, s.said, s.content_names, s.content_said, s.content_state AS own_state
    FROM generations g
    JOIN span_rows s ON s.trace_id = g.trace_id AND s.span_id = g.span_id
    WHERE NOT g.retried
),
last_ones AS (
    SELECT
        trace_id,
        span_id,
        row_number() OVER (PARTITION BY trace_id ORDER BY start_at DESC, span_id DESC) = 1 AS last,
        row_number() OVER (PARTITION BY trace_id, name ORDER BY start_at DESC, span_id DESC) = 1 AND list_contains($spans::VARCHAR[], name) AS named
    FROM calls
    QUALIFY last OR named
),
logged AS (  -- the record that told_in_logs has the facts of
    SELECT DISTINCT ON (l.trace_id, l.span_id) l.trace_id, l.span_id, l.names, l.said, l.content_names, l.content_said
    FROM logs l
    SEMI JOIN last_ones o ON o.trace_id = l.trace_id AND o.span_id = l.span_id
    WHERE $words AND l.content_state <> 'absent'
    ORDER BY
        l.trace_id, l.span_id, l.logged_ns NULLS LAST, l.output_chars DESC,
        l.finish, l.content_state, l.output_language, l.output_fenced, l.output_json, l.output_refused, hash(l.said, l.content_said)
),
recorded AS (
    SELECT
        c.* EXCLUDE (op, names, said, content_names, content_said, own_state),
        o.last,
        o.named,
        CASE
            WHEN NOT $words OR c.content_state NOT IN ('present', 'truncated') THEN NULL
            ELSE answer_of(
                'chat',
                CASE WHEN c.own_state = 'absent' THEN list_concat(l.names, l.content_names) ELSE list_concat(c.names, c.content_names) END,
                CASE WHEN c.own_state = 'absent' THEN list_concat(l.said, l.content_said) ELSE list_concat(c.said, c.content_said) END
            )
        END AS recorded
    FROM calls c
    JOIN last_ones o ON o.trace_id = c.trace_id AND o.span_id = c.span_id
    LEFT JOIN logged l ON l.trace_id = c.trace_id AND l.span_id = c.span_id
)
SELECT
    * EXCLUDE (recorded),
    CASE WHEN content_state = 'empty' THEN '' ELSE message_text(recorded) END AS words,
    content_state = 'truncated' AND finish IS DISTINCT FROM 'length' AS torn  -- cut on its way here, and not by the token limit
FROM recorded
WHERE ended <> 'failed'
