-- One score a row, where each row names what it scores.
INSERT INTO scores
WITH told AS (
    SELECT
        line,
        record,
        nullif(kept_id(record[$trace_id]), '') AS trace_id,
        nullif(kept_id(record[$span_id]), '') AS span_id,
        nullif(record[$response_id], '') AS response_id,
        moment_ns(record[$at]) AS scored_ns,
        list_filter(list_transform($judge::VARCHAR[], lambda key: record[key]), lambda value: value IS NOT NULL)[1] AS evaluator,
        record[$label] AS label,
        coalesce(score_value(record[$value]), score_value(record[$label])) AS value
    FROM staging
    WHERE record IS NOT NULL
)
SELECT
    md5(to_json([trace_id, span_id, response_id, record[$name], value::VARCHAR, label, evaluator, scored_ns::VARCHAR])::VARCHAR)
        AS score_key,
    trace_id,
    span_id,
    redacted(response_id) AS response_id,
    redacted(record[$name]) AS name,
    value,
    redacted(label) AS label,
    redacted(evaluator) AS evaluator,
    make_timestamp(scored_ns // 1000) AS scored_at,
    redacted_map(map_from_entries(list_filter(
        map_entries(record), lambda e: e.value IS NOT NULL AND NOT list_contains($own::VARCHAR[], e.key)
    ))) AS attributes,
    $file_id AS file_id,
    line,
    NULL AS joined
FROM told
WHERE value IS NOT NULL AND record[$name] IS NOT NULL AND coalesce(trace_id, span_id, response_id) IS NOT NULL
