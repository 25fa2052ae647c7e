-- Whether the answer is a JSON object with all of these keys, each with a value of one of its types; in its code fence or by itself.
INSERT INTO keeping
WITH asked AS (
    SELECT
        a.trace_id,
        a.content_state IN ('empty', 'truncated') OR NOT a.output_json AS broken,
        CASE WHEN is_json(a.words) THEN a.words ELSE regexp_extract(a.words, '```(?:(?i:json))?\s*([\[{](?s:.*?))```', 1) END AS body
    FROM answers a
    SEMI JOIN in_scope USING (trace_id)
    WHERE CASE WHEN $span::VARCHAR IS NULL THEN a.last ELSE a.named AND a.name = $span END
        AND NOT a.torn AND a.words IS NOT NULL AND (a.output_json IS NOT NULL OR a.content_state = 'empty')
),
wanted AS (SELECT unnest($pointers::VARCHAR[]) AS pointer, unnest($types::VARCHAR[][]) AS types)
SELECT trace_id, $signal, 0
FROM asked
WHERE broken
UNION ALL
SELECT trace_id, $signal, bool_and(CASE
    WHEN type IS NULL OR NOT json_valid(body) THEN FALSE
    ELSE len(types) = 0 OR list_contains(types, type)
END)::INTEGER
FROM (
    SELECT a.trace_id, a.body, w.types, json_type(CASE WHEN json_valid(a.body) THEN a.body END, w.pointer) AS type
    FROM asked a, wanted w
    WHERE NOT a.broken
)
GROUP BY trace_id
