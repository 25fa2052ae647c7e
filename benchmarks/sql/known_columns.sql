-- The named route of the benchmark: spans of OTLP/JSON lines with the known attributes as columns and all others as two lists.
WITH requests AS (
    SELECT unnest(resourceSpans) AS r
    FROM read_ndjson(
        $path,
        columns = {
            resourceSpans: 'STRUCT(
                resource STRUCT(attributes STRUCT("key" VARCHAR, "value" STRUCT(stringValue VARCHAR, intValue VARCHAR, doubleValue DOUBLE, boolValue VARCHAR, arrayValue JSON, kvlistValue JSON, bytesValue VARCHAR))[]),
                scopeSpans STRUCT(
                    spans STRUCT(
                        traceId VARCHAR, spanId VARCHAR, parentSpanId VARCHAR, "name" VARCHAR, kind VARCHAR,
                        startTimeUnixNano VARCHAR, endTimeUnixNano VARCHAR, status STRUCT(code VARCHAR),
                        attributes STRUCT("key" VARCHAR, "value" STRUCT(stringValue VARCHAR, intValue VARCHAR, doubleValue DOUBLE, boolValue VARCHAR, arrayValue JSON, kvlistValue JSON, bytesValue VARCHAR))[]
                    )[]
                )[]
            )[]'
        },
        sample_size = 1, maximum_sample_files = 1
    )
),
scopes AS (SELECT r.resource.attributes AS around, unnest(r.scopeSpans) AS s FROM requests),
told AS (SELECT around, unnest(s.spans) AS span FROM scopes),
listed AS (
    SELECT
        span,
        list_transform(span.attributes, lambda a: a.key) AS keys,
        list_transform(span.attributes, lambda a: coalesce(a.value.stringValue, a.value.intValue, a.value.doubleValue::VARCHAR, a.value.boolValue, a.value.arrayValue::VARCHAR)) AS said,
        list_transform(around, lambda a: a.key) AS other_keys,
        list_transform(around, lambda a: a.value.stringValue) AS other_said
    FROM told
)
SELECT
    span.traceId AS trace_id, span.spanId AS span_id, span.parentSpanId AS parent_id, span.name AS span_name,
    span.startTimeUnixNano::BIGINT AS start_ns, span.endTimeUnixNano::BIGINT AS end_ns, span.status.code AS status,
    other_said[list_position(other_keys, 'service.name')] AS service,
    said[list_position(keys, 'gen_ai.operation.name')] AS operation,
    said[list_position(keys, 'gen_ai.provider.name')] AS provider,
    said[list_position(keys, 'gen_ai.request.model')] AS request_model,
    said[list_position(keys, 'gen_ai.response.model')] AS response_model,
    said[list_position(keys, 'gen_ai.response.id')] AS response_id,
    said[list_position(keys, 'openai.response.system_fingerprint')] AS fingerprint,
    said[list_position(keys, 'gen_ai.request.temperature')] AS temperature,
    said[list_position(keys, 'gen_ai.usage.input_tokens')] AS input_tokens,
    said[list_position(keys, 'gen_ai.usage.output_tokens')] AS output_tokens,
    said[list_position(keys, 'gen_ai.prompt.name')] AS prompt_name,
    said[list_position(keys, 'gen_ai.prompt.version')] AS prompt_version,
    said[list_position(keys, 'session.id')] AS session_id,
    said[list_position(keys, 'user.id')] AS user_id,
    keys, said, other_keys, other_said
FROM listed
