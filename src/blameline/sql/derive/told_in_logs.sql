-- What log records tell of generations that do not tell it themselves; of several answers the first.
INSERT INTO told_in_logs
SELECT DISTINCT ON (s.trace_id, s.span_id)
    s.trace_id,
    s.span_id,
    l.input_tokens,
    l.output_tokens,
    l.cost_usd,
    l.finish,
    unnest(CASE WHEN s.content_state = 'absent' AND l.content_state <> 'absent' THEN {
        content_state: l.content_state,
        output_chars: l.output_chars,
        output_language: l.output_language,
        output_fenced: l.output_fenced,
        output_json: l.output_json,
        output_refused: l.output_refused
    } END)
FROM logs l
JOIN span_rows s ON s.trace_id = l.trace_id AND s.span_id = l.span_id
WHERE s.content_state IS NOT NULL
ORDER BY
    s.trace_id, s.span_id, l.content_state = 'absent', l.logged_ns NULLS LAST, l.output_chars DESC,
    l.finish, l.content_state, l.output_language, l.output_fenced, l.output_json, l.output_refused,  -- the same whatever words are kept
    hash(l.said, l.content_said)
