-- Scores that a source handed in as columns.
INSERT INTO scores
WITH told AS (
    SELECT
        *,
        nullif(response_id, '') AS answer_id,
        nullif(name, '') AS score_name,
        coalesce(score_value(value), score_value(label)) AS number,
        coalesce(nullif(label, ''), CASE WHEN try_cast(value AS DOUBLE) IS NULL THEN value END) AS word,
        nullif(evaluator, '') AS judge,
        moment_ns(moment) AS scored_ns,
        first_of_each(names, said) AS attributes
    FROM incoming_scores
),
clean AS (
    SELECT
        *,
        redacted_values(TRUE, map_keys(attributes), map_values(attributes), [answer_id, score_name, word, judge, trace_id, span_id]) AS clean
    FROM told
    WHERE score_name IS NOT NULL AND number IS NOT NULL
),
known AS (
    SELECT
        * EXCLUDE (trace_id, span_id),
        clean[-6:] AS words,
        hex_id(kept_id(trace_id, clean[-2])) AS trace_id,
        hex_id(kept_id(span_id, clean[-1])) AS span_id
    FROM clean
)
SELECT
    md5(to_json([trace_id, span_id, answer_id, score_name, number::VARCHAR, word, judge, scored_ns::VARCHAR])::VARCHAR) AS score_key,
    trace_id,
    span_id,
    joining_id(answer_id, words[1]) AS response_id,
    words[2] AS name,
    number AS value,
    words[3] AS label,
    words[4] AS evaluator,
    make_timestamp(scored_ns // 1000) AS scored_at,
    kept_map(attributes, clean) AS attributes,
    file_id,
    line,
    NULL AS joined
FROM known
