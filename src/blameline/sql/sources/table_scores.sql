-- One score a row and score column of a plain table. The judge that a row names gave all of them but those of people and rules.
INSERT INTO scores
WITH told AS (
    SELECT
        line,
        record,
        coalesce(nullif(kept_id(record[$trace_id]), ''), md5($sha256 || ':' || line)) AS trace_id,
        nullif(kept_id(record[$span_id]), '') AS span_id,
        moment_ns(record[$at]) AS scored_ns,
        list_filter(list_transform($judge::VARCHAR[], lambda key: record[key]), lambda value: value IS NOT NULL)[1] AS evaluator,
        unnest(map_entries($scores::JSON::MAP(VARCHAR, VARCHAR))) AS score
    FROM staging
    WHERE record IS NOT NULL AND moment_ns(record[$at]) IS NOT NULL
),
valued AS (
    SELECT
        * REPLACE (CASE WHEN NOT list_contains($unjudged::VARCHAR[], score.value) THEN evaluator END AS evaluator),
        score_value(record[score.key]) AS value
    FROM told
)
SELECT
    md5(to_json([trace_id, span_id, score.value, value::VARCHAR, evaluator, scored_ns::VARCHAR])::VARCHAR) AS score_key,
    trace_id,
    span_id,
    NULL AS response_id,
    redacted(score.value) AS name,
    value,
    CASE WHEN try_cast(record[score.key] AS DOUBLE) IS NULL THEN redacted(record[score.key]) END AS label,
    redacted(evaluator) AS evaluator,
    NULL AS scored_at,
    MAP {} AS attributes,
    $file_id AS file_id,
    line,
    NULL AS joined
FROM valued
WHERE value IS NOT NULL
