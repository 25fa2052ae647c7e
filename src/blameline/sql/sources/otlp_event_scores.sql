-- Scores of evaluation results that older emitters write as span events.
INSERT INTO scores
WITH requests AS (
    SELECT
        list_extract($file_ids::BIGINT[], CASE WHEN $joined THEN blameline_file ELSE 1 END) AS file_id,
        unnest(resourceSpans) AS r
    FROM read_json(
        $path,
        columns = {
            blameline_file: 'BIGINT',
            resourceSpans: 'STRUCT(
                scopeSpans STRUCT(
                    spans STRUCT(
                        traceId VARCHAR, spanId VARCHAR,
                        events STRUCT(
                            "name" VARCHAR, timeUnixNano VARCHAR,
                            attributes STRUCT("key" VARCHAR, "value" STRUCT(stringValue VARCHAR, intValue VARCHAR, doubleValue DOUBLE, boolValue VARCHAR, arrayValue JSON, kvlistValue JSON))[]
                        )[]
                    )[]
                )[]
            )[]'
        },
        format = $format, compression = $compression, maximum_object_size = $object_size,
        sample_size = 1, maximum_sample_files = 1, hive_partitioning = false
    )
),
scopes AS (
    SELECT file_id, unnest(r.scopeSpans) AS s FROM requests
),
told AS (
    SELECT file_id, unnest(s.spans) AS span FROM scopes
),
events AS (
    SELECT file_id, span.traceId AS traceId, span.spanId AS spanId, unnest(span.events) AS event FROM told
),
mapped AS (
    SELECT
        file_id,
        traceId,
        spanId,
        event,
        first_of_each(
            list_transform(event.attributes, lambda a: a.key),
            list_transform(event.attributes, lambda a: coalesce(
                a.value.stringValue, a.value.intValue, a.value.doubleValue::VARCHAR, a.value.boolValue,
                plain_value(a.value.arrayValue, a.value.kvlistValue)
            ))
        ) AS attributes
    FROM events
    WHERE event.name = 'gen_ai.evaluation.result'
),
scored AS (
    SELECT
        file_id,
        attributes,
        hex_id(plain_id(traceId)) AS trace_id,
        hex_id(plain_id(spanId)) AS span_id,
        attributes['gen_ai.response.id'] AS response_id,
        attributes['gen_ai.evaluation.name'] AS name,
        attributes['gen_ai.evaluation.score.label'] AS label,
        coalesce(
            score_value(attributes['gen_ai.evaluation.score.value']),
            CASE WHEN attributes['gen_ai.evaluation.score.value'] IS NULL THEN score_value(attributes['gen_ai.evaluation.score.label']) END
        ) AS value,
        list_filter(list_transform($judge::VARCHAR[], lambda key: attributes[key]), lambda given: given IS NOT NULL)[1] AS evaluator,
        nullif(try_cast(event.timeUnixNano AS BIGINT), 0) AS scored_ns
    FROM mapped
),
clean AS (
    SELECT *, redacted_values(TRUE, map_keys(attributes), map_values(attributes), [response_id, name, label, evaluator]) AS clean
    FROM scored
)
SELECT
    md5(to_json([trace_id, span_id, response_id, name, value::VARCHAR, label, evaluator, scored_ns::VARCHAR])::VARCHAR) AS score_key,
    trace_id,
    span_id,
    joining_id(response_id, clean[-4]) AS response_id,
    clean[-3] AS name,
    value,
    clean[-2] AS label,
    clean[-1] AS evaluator,
    make_timestamp(scored_ns // 1000) AS scored_at,
    kept_map(attributes, clean) AS attributes,
    file_id,
    NULL AS line,
    NULL AS joined
FROM clean
