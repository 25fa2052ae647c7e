-- Scores of OpenInference annotations and evaluations that a span carries about itself as numbered attributes.
INSERT INTO scores
WITH requests AS (
    SELECT unnest(resourceSpans) AS r
    FROM read_json(
        $path,
        columns = {
            resourceSpans: 'STRUCT(
                scopeSpans STRUCT(
                    spans STRUCT(
                        traceId VARCHAR, spanId VARCHAR,
                        attributes STRUCT("key" VARCHAR, "value" STRUCT(stringValue VARCHAR, intValue VARCHAR, doubleValue DOUBLE, boolValue VARCHAR))[]
                    )[]
                )[]
            )[]'
        },
        format = $format, compression = $compression, ignore_errors = $lenient, maximum_object_size = $object_size,
        sample_size = 1, maximum_sample_files = 1, hive_partitioning = false
    )
),
scopes AS (
    SELECT unnest(r.scopeSpans) AS s FROM requests
),
told AS (
    SELECT unnest(s.spans) AS span FROM scopes
),
pairs AS (
    SELECT span.traceId AS traceId, span.spanId AS spanId, unnest(span.attributes) AS pair FROM told
),
parts AS (
    SELECT
        hex_id(traceId) AS trace_id,
        hex_id(spanId) AS span_id,
        regexp_extract(pair.key, '^((?:trace\.)?(?:annotations|evaluations)\.\d+)\.(?:annotation|evaluation)\.(\w+)$', ['place', 'field']) AS found,
        coalesce(pair.value.stringValue, pair.value.intValue, pair.value.doubleValue::VARCHAR, pair.value.boolValue) AS said
    FROM pairs
    WHERE pair.key LIKE '%.annotation.%' OR pair.key LIKE '%.evaluation.%'
),
scored AS (
    SELECT
        trace_id,
        span_id,
        max(said) FILTER (WHERE found.field = 'name') AS name,
        max(said) FILTER (WHERE found.field = 'label') AS label,
        max(said) FILTER (WHERE found.field = 'score') AS score,
        coalesce(max(said) FILTER (WHERE found.field = 'identifier'), max(said) FILTER (WHERE found.field = 'annotator_kind')) AS evaluator
    FROM parts
    WHERE found.place <> ''
    GROUP BY trace_id, span_id, found.place
)
SELECT
    md5(to_json([trace_id, span_id, name, score, label, evaluator])::VARCHAR) AS score_key,
    trace_id,
    span_id,
    NULL AS response_id,
    name,
    coalesce(score_value(score), score_value(label)) AS value,
    label,
    evaluator,
    NULL AS scored_at,
    MAP {} AS attributes,
    $file_id AS file_id,
    NULL AS line
FROM scored
WHERE name IS NOT NULL AND coalesce(score_value(score), score_value(label)) IS NOT NULL AND trace_id IS NOT NULL
