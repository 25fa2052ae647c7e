-- The scores of requests whose words, all of them, are those of another request: the same question and the same answer.
INSERT INTO rescored
WITH told AS (
    SELECT trace_id, content_said, content_state, array_to_string(content_names, ' ') AS names FROM span_rows WHERE len(content_said) > 0
    UNION ALL
    SELECT trace_id, content_said, content_state, array_to_string(content_names, ' ') FROM logs WHERE len(content_said) > 0
),
worded AS (
    SELECT trace_id, md5(array_to_string(list_sort(list(md5(regexp_replace(lower(trim(array_to_string(content_said, ' '))), '\s+', ' ', 'g')))), '')) AS words
    FROM told
    SEMI JOIN (SELECT DISTINCT trace_id FROM scores) s USING (trace_id)
    GROUP BY trace_id
    HAVING bool_or(content_state = 'present' OR content_state IS NULL AND regexp_matches(names, '(?i)answer|output|completion|response'))
        AND bool_or(regexp_matches(names, '(?i)question|input|prompt|messages|query'))
        AND NOT coalesce(bool_or(content_state = 'truncated'), FALSE)
),
again AS (
    SELECT trace_id, words FROM worded SEMI JOIN (SELECT words FROM worded GROUP BY words HAVING count(*) > 1) USING (words)
)
SELECT a.words, TRUE, a.trace_id, c.name, ruler_of(c.evaluator, c.attributes, $names::VARCHAR[]) AS judge,
       coalesce(c.scored_at, t.start_at) AS moment, avg(c.value)
FROM again a
JOIN traces t ON t.trace_id = a.trace_id
JOIN scores c ON c.trace_id = a.trace_id
GROUP BY a.words, a.trace_id, c.name, judge, moment
