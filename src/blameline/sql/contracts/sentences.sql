-- Whether the answer has as many sentences as it may; a line break ends one, and what has neither letters nor digits is none.
INSERT INTO keeping
SELECT trace_id, $signal, value::INTEGER
FROM (
    SELECT a.trace_id, CASE
        WHEN a.torn OR a.words IS NULL OR (a.words = '' AND coalesce($least::DOUBLE, 0) = 0) THEN NULL
        ELSE sentences_in(a.words) BETWEEN coalesce($least::DOUBLE, 0) AND coalesce($most::DOUBLE, 1e18)
    END AS value
    FROM answers a
    SEMI JOIN in_scope USING (trace_id)
    WHERE CASE WHEN $span::VARCHAR IS NULL THEN a.last ELSE a.named AND a.name = $span END
)
WHERE value IS NOT NULL
