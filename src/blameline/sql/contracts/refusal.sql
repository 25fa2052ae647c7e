-- Whether the request was answered and neither refused nor filtered. A refusal that needs no words to be known counts only on days on
-- which answers are on record, since else there would be nothing but refusals.
INSERT INTO keeping
SELECT trace_id, $signal, value::INTEGER
FROM (
    SELECT
        a.trace_id,
        CASE
            WHEN a.ended IN ('refused', 'filtered') AND (
                a.output_refused IS NOT NULL OR avg((a.output_refused IS NOT NULL)::INTEGER) FILTER (WHERE a.ended NOT IN ('refused', 'filtered')) OVER day >= 0.5
            ) THEN FALSE
            WHEN a.ended IN ('answered', 'cut', 'unknown') AND a.content_state <> 'empty' AND NOT a.output_refused THEN TRUE
        END AS value
    FROM answers a
    SEMI JOIN in_scope USING (trace_id)
    WHERE CASE WHEN $span::VARCHAR IS NULL THEN a.last ELSE a.named AND a.name = $span END
    WINDOW day AS (PARTITION BY date_trunc('day', a.start_at))
)
WHERE value IS NOT NULL
