-- What was asked and what was answered, one row a trace, as far as signals read it; no row where no words are kept.
CREATE TEMP TABLE words AS
WITH told AS (
    SELECT trace_id, span_id, start_ns, coalesce(op, 'chat') AS op, content_names AS names, content_said AS said
    FROM span_rows
    WHERE len(content_names) > 0 AND (content_state IS NOT NULL OR op IS NULL)
    UNION ALL BY NAME
    SELECT trace_id, span_id, coalesce(logged_ns, 0) AS start_ns, 'chat' AS op, content_names AS names, content_said AS said
    FROM logs
    WHERE len(content_names) > 0
),
live AS (
    SELECT t.* FROM told t ANTI JOIN retried r ON r.trace_id = t.trace_id AND r.span_id = t.span_id
),
spoken AS (
    SELECT
        trace_id,
        (start_ns, span_id) AS place,
        question_of(names, said) AS question,
        message_text(answer_of(op, names, said)) AS answer
    FROM live
),
whole AS (
    SELECT
        trace_id,
        arg_min(question, place) FILTER (question IS NOT NULL) AS question,
        arg_max(left(answer, 8000), place) FILTER (answer <> '') AS answer
    FROM spoken
    GROUP BY trace_id
)
SELECT
    trace_id,
    nullif(trim(regexp_replace(lower(left(question, 400)), '\s+', ' ', 'g')), '') AS question,
    language_of(question, opening_of(question)) AS question_language,
    regexp_matches(
        answer,
        '(?i)\b(?:i think|i believe|i guess|might be|may be|could be|perhaps|possibly|probably|presumably|it seems|not (?:entirely |completely |quite )?(?:sure|certain)|'
        || 'vermutlich|möglicherweise|vielleicht|peut-être|probablement|quizás?|tal vez|probablemente|forse|talvez)\b'
    ) AS hedged,
    CASE WHEN answer IS NULL OR is_json(answer) THEN NULL WHEN length(answer) < 120 THEN FALSE ELSE says_again(answer) END AS repeated,
    CASE WHEN is_json(answer) AND json_type(answer) = 'OBJECT' THEN list_sort(json_keys(answer))
         WHEN contains(answer, '```') THEN list_sort(json_keys(nullif(CASE WHEN json_valid(regexp_extract(answer, '```(?:(?i:json))?\s*(\{(?s:.*?))```', 1)) THEN regexp_extract(answer, '```(?:(?i:json))?\s*(\{(?s:.*?))```', 1) END, '')))
    END AS keys
FROM whole
