-- Requests whose question came again: the same words, or the same case of a suite; `item` is what they have in common, as a hash.
INSERT INTO questions
WITH cases AS (
    SELECT s.trace_id, 'case:' || min(said_of(s.names, s.said, n.name)) AS item
    FROM span_rows s
    CROSS JOIN (SELECT unnest($cases::VARCHAR[]) AS name) n
    WHERE list_contains(s.names, n.name)
    GROUP BY s.trace_id
),
told AS (
    SELECT coalesce(c.trace_id, w.trace_id) AS trace_id, md5(coalesce(c.item, 'words:' || w.question)) AS item
    FROM cases c
    FULL JOIN (SELECT trace_id, question FROM words WHERE strlen(question) BETWEEN 8 AND 399) w USING (trace_id)
)
SELECT t.trace_id, t.item
FROM told t
SEMI JOIN (SELECT item FROM told GROUP BY item HAVING count(*) > 1) a USING (item)
WHERE t.item IS NOT NULL
ORDER BY t.item, t.trace_id
