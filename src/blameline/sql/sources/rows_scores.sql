-- Scores that a source handed in as columns.
INSERT INTO scores
WITH told AS (
    SELECT
        line,
        hex_id(kept_id(trace_id)) AS trace_id,
        hex_id(kept_id(span_id)) AS span_id,
        nullif(response_id, '') AS response_id,
        nullif(name, '') AS name,
        coalesce(score_value(value), score_value(label)) AS number,
        coalesce(nullif(label, ''), CASE WHEN try_cast(value AS DOUBLE) IS NULL THEN value END) AS label,
        nullif(evaluator, '') AS evaluator,
        moment_ns(moment) AS scored_ns,
        file_id,
        first_of_each(names, said) AS attributes
    FROM incoming_scores
)
SELECT
    md5(to_json([trace_id, span_id, response_id, name, number::VARCHAR, label, evaluator, scored_ns::VARCHAR])::VARCHAR)
        AS score_key,
    trace_id,
    span_id,
    redacted(response_id) AS response_id,
    redacted(name) AS name,
    number AS value,
    redacted(label) AS label,
    redacted(evaluator) AS evaluator,
    make_timestamp(scored_ns // 1000) AS scored_at,
    redacted_map(attributes) AS attributes,
    file_id,
    line,
    NULL AS joined
FROM told
WHERE name IS NOT NULL AND number IS NOT NULL
