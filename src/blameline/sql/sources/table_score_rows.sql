-- One score a row, where each row names what it scores.
INSERT INTO scores
WITH told AS (
    SELECT
        line,
        record,
        nullif(record[$response_id], '') AS response_id,
        moment_ns(record[$at]) AS scored_ns,
        list_filter(list_transform($judge::VARCHAR[], lambda key: record[key]), lambda value: value IS NOT NULL)[1] AS evaluator,
        record[$label] AS label,
        coalesce(score_value(record[$value]), score_value(record[$label])) AS value
    FROM staging
    WHERE record IS NOT NULL
),
mapped AS (
    SELECT
        *,
        map_from_entries(list_filter(map_entries(record), lambda e: e.value IS NOT NULL AND NOT list_contains($own::VARCHAR[], e.key))) AS attributes
    FROM told
    WHERE value IS NOT NULL AND record[$name] IS NOT NULL
),
clean AS (
    SELECT
        *,
        redacted_values(
            TRUE, map_keys(attributes), map_values(attributes),
            [response_id, record[$name], label, evaluator, record[$trace_id], record[$span_id]]
        ) AS clean
    FROM mapped
),
known AS (
    SELECT
        *,
        nullif(kept_id(record[$trace_id], clean[-2]), '') AS trace_id,
        nullif(kept_id(record[$span_id], clean[-1]), '') AS span_id,
        clean[-6:] AS words
    FROM clean
)
SELECT
    md5(to_json([trace_id, span_id, response_id, record[$name], value::VARCHAR, label, evaluator, scored_ns::VARCHAR])::VARCHAR)
        AS score_key,
    trace_id,
    span_id,
    joining_id(response_id, words[1]) AS response_id,
    words[2] AS name,
    value,
    words[3] AS label,
    words[4] AS evaluator,
    make_timestamp(scored_ns // 1000) AS scored_at,
    kept_map(attributes, clean) AS attributes,
    $file_id AS file_id,
    line,
    NULL AS joined
FROM known
WHERE coalesce(trace_id, span_id, response_id) IS NOT NULL
