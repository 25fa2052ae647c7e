-- One score a row and score column of a plain table. The judge that a row names gave all of them but those of people and rules.
INSERT INTO scores
WITH told AS (
    SELECT
        line,
        record,
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
),
clean AS (
    SELECT *, redacted_texts([score.value, record[score.key], evaluator, record[$trace_id], record[$span_id]]) AS words
    FROM valued
    WHERE value IS NOT NULL
),
known AS (
    SELECT
        *,
        coalesce(nullif(kept_id(record[$trace_id], words[4]), ''), md5($sha256 || ':' || line)) AS trace_id,
        nullif(kept_id(record[$span_id], words[5]), '') AS span_id
    FROM clean
)
SELECT
    md5(to_json([trace_id, span_id, score.value, value::VARCHAR, evaluator, scored_ns::VARCHAR])::VARCHAR) AS score_key,
    trace_id,
    span_id,
    NULL AS response_id,
    words[1] AS name,
    value,
    CASE WHEN try_cast(record[score.key] AS DOUBLE) IS NULL THEN words[2] END AS label,
    words[3] AS evaluator,
    NULL AS scored_at,
    MAP {} AS attributes,
    $file_id AS file_id,
    line,
    NULL AS joined
FROM known
