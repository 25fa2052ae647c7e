-- Whether the answer has as many characters as it may; of one that was cut on its way only what is too long is known.
INSERT INTO keeping
SELECT trace_id, $signal, value::INTEGER
FROM (
    SELECT a.trace_id, CASE
        WHEN a.content_state = 'empty' THEN CASE WHEN coalesce($least::DOUBLE, 0) > 0 THEN FALSE END
        WHEN a.torn THEN CASE WHEN a.output_chars > $most::DOUBLE THEN FALSE END
        ELSE a.output_chars BETWEEN coalesce($least::DOUBLE, 0) AND coalesce($most::DOUBLE, 1e18)
    END AS value
    FROM answers a
    SEMI JOIN in_scope USING (trace_id)
    WHERE CASE WHEN $span::VARCHAR IS NULL THEN a.last ELSE a.named AND a.name = $span END
)
WHERE value IS NOT NULL
