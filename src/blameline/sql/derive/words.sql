-- What was asked, and what the answers show, one row a trace, as far as signals read it: of every conversation, or of one in so many.
CREATE TEMP TABLE words AS
WITH told AS NOT MATERIALIZED (
    SELECT trace_id, span_id, start_ns, coalesce(op, 'chat') AS op, output_json, content_names AS names, content_said AS said
    FROM span_rows
    WHERE len(content_names) > 0 AND (content_state IS NOT NULL OR op IS NULL)
    UNION ALL BY NAME
    SELECT trace_id, span_id, coalesce(logged_ns, 0) AS start_ns, 'chat' AS op, output_json, content_names AS names, content_said AS said
    FROM logs
    WHERE len(content_names) > 0
),
live AS NOT MATERIALIZED (
    SELECT t.*
    FROM told t
    ANTI JOIN retried r ON r.trace_id = t.trace_id AND r.span_id = t.span_id
    WHERE $one_in = 1 OR t.trace_id IN (SELECT f.trace_id FROM facts f WHERE md5_number_lower(coalesce(f.talk, f.trace_id)) % $one_in::UBIGINT = 0)
),
asked AS MATERIALIZED (
    SELECT
        * EXCLUDE (given),
        CASE WHEN given[1] IN ('[', '{') AND json_valid(given)
             THEN json_extract_string(given, ['$[#-1].role', '$[#-1].parts[1]', '$[#-1].parts[0].content', '$[#-1].content']) END AS final,
        CASE WHEN given[1] IN ('[', '{') AND json_valid(given) THEN given END AS messages,
        CASE WHEN given[1] IN ('[', '{') AND json_valid(given) THEN NULL ELSE left(given, 400) END AS plain
    FROM (SELECT trace_id, span_id, start_ns, input_of(names, said) AS given FROM live)
    WHERE given <> ''
),
-- nearly always the last message is the question, and one text
questions AS (
    SELECT trace_id, start_ns, span_id, left(coalesce(plain, final[3], final[4]), 400) AS question
    FROM asked
    WHERE messages IS NULL OR (final[1] IN ('user', 'human') AND final[2] IS NULL AND coalesce(final[3], final[4])[1] NOT IN ('[', '{'))
    UNION ALL
    SELECT trace_id, start_ns, span_id, left(question_of(messages), 400)
    FROM asked
    WHERE NOT (messages IS NULL OR coalesce(final[1] IN ('user', 'human') AND final[2] IS NULL AND coalesce(final[3], final[4])[1] NOT IN ('[', '{'), FALSE))
),
first AS (
    SELECT trace_id, arg_min(question, (start_ns, span_id)) FILTER (question <> '') AS question FROM questions GROUP BY trace_id
),
shown AS (
    SELECT
        trace_id,
        bool_or(regexp_matches(
            lower(answer),
            'i think|i believe|i guess|might be|may be|could be|perhaps|possibly|probably|presumably|it seems|not (?:entirely |completely |quite )?(?:sure|certain)'
            || '|vermutlich|möglicherweise|vielleicht|peut-être|probablement|quizá|tal vez|talvez'
        )) AS hedged,
        bool_or(regexp_matches(answer, '\[\^?\d{1,3}\]|【[^】]{1,80}】|\[(?i:doc|source|ref)[^\]]{0,60}\]|(?i:https?://|<cite|\bsources?\s*:)')) AS cited,
        bool_or(CASE WHEN strlen(answer) < 120 THEN FALSE ELSE says_again(answer) END) FILTER (NOT coalesce(output_json, FALSE)) AS repeated
    FROM (SELECT trace_id, output_json, left(answer_of(op, names, said), 8000) AS answer FROM live)
    WHERE answer <> ''
    GROUP BY trace_id
)
SELECT
    trace_id,
    nullif(trim(question), '') AS question,
    language_of(question, opening_of(question)) AS question_language,
    hedged,
    cited,
    repeated
FROM (
    SELECT
        * REPLACE (CASE WHEN contains(question, chr(10)) OR contains(question, chr(9)) OR contains(question, '  ') THEN regexp_replace(lower(question), '\s+', ' ', 'g') ELSE lower(question) END AS question)
    FROM first FULL JOIN shown USING (trace_id)
)
