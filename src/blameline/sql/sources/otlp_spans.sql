-- Spans of OTLP/JSON requests, with the attributes of span, scope and resource in one map, and the canonical names beside the old.
INSERT INTO spans
WITH requests AS (
    SELECT unnest(resourceSpans) AS r
    FROM read_json(
        $path,
        columns = {
            resourceSpans: 'STRUCT(
                resource STRUCT(attributes STRUCT("key" VARCHAR, "value" STRUCT(stringValue VARCHAR, intValue VARCHAR, doubleValue DOUBLE, boolValue VARCHAR, arrayValue JSON, kvlistValue JSON, bytesValue VARCHAR))[]),
                scopeSpans STRUCT(
                    scope STRUCT("name" VARCHAR, attributes STRUCT("key" VARCHAR, "value" STRUCT(stringValue VARCHAR, intValue VARCHAR, doubleValue DOUBLE, boolValue VARCHAR, arrayValue JSON, kvlistValue JSON, bytesValue VARCHAR))[]),
                    spans STRUCT(
                        traceId VARCHAR, spanId VARCHAR, parentSpanId VARCHAR, "name" VARCHAR,
                        startTimeUnixNano VARCHAR, endTimeUnixNano VARCHAR, status STRUCT(code VARCHAR),
                        attributes STRUCT("key" VARCHAR, "value" STRUCT(stringValue VARCHAR, intValue VARCHAR, doubleValue DOUBLE, boolValue VARCHAR, arrayValue JSON, kvlistValue JSON, bytesValue VARCHAR))[]
                    )[]
                )[]
            )[]'
        },
        format = $format, compression = $compression, ignore_errors = $lenient, maximum_object_size = $object_size,
        sample_size = 1, maximum_sample_files = 1, hive_partitioning = false
    )
),
scopes AS (
    SELECT r.resource.attributes AS of_resource, unnest(r.scopeSpans) AS s FROM requests
),
told AS (
    SELECT of_resource, s.scope.attributes AS of_scope, unnest(s.spans) AS span FROM scopes
),
listed AS (
    SELECT
        span,
        list_concat(span.attributes, of_scope, of_resource) AS pairs
    FROM told
),
named AS (
    SELECT
        span,
        list_transform(pairs, lambda a: a.key) AS names,
        list_transform(pairs, lambda a: coalesce(
            a.value.stringValue, a.value.intValue, a.value.doubleValue::VARCHAR, a.value.boolValue,
            plain_value(a.value.arrayValue, a.value.kvlistValue), a.value.bytesValue
        )) AS said
    FROM listed
),
known AS (
    SELECT *, also_known(names, said, $aliases::JSON::MAP(VARCHAR, STRUCT(r INTEGER, c VARCHAR, p VARCHAR)[])) AS added
    FROM named
),
whole AS (
    SELECT
        span,
        first_of_each(
            list_concat(names, list_transform(added, lambda a: a.c)),
            list_concat(said, list_transform(added, lambda a: a.v))
        ) AS attributes,
        hex_id(span.traceId) AS trace_id,
        hex_id(span.spanId) AS span_id,
        CASE  -- between 2000 and 2100
            WHEN try_cast(span.startTimeUnixNano AS BIGINT) BETWEEN 946684800000000000 AND 4102444800000000000
            THEN try_cast(span.startTimeUnixNano AS BIGINT)
        END AS start_ns,
        nullif(try_cast(span.endTimeUnixNano AS BIGINT), 0) AS end_ns
    FROM known
)
SELECT
    trace_id,
    span_id,
    hex_id(span.parentSpanId) AS parent_id,
    span.name AS name,
    said_operation(
        attributes['gen_ai.operation.name'], attributes['openinference.span.kind'], attributes['traceloop.span.kind'],
        attributes['llm.request.type']
    ) AS op,
    make_timestamp(start_ns // 1000) AS start_at,
    start_ns,
    (end_ns - start_ns) / 1e6 AS duration_ms,
    CASE span.status.code WHEN '1' THEN 'ok' WHEN '2' THEN 'error' WHEN 'STATUS_CODE_OK' THEN 'ok' WHEN 'STATUS_CODE_ERROR' THEN 'error' END
        AS status,
    attributes['service.name'] AS service,
    attributes,
    $file_id AS file_id,
    NULL AS line
FROM whole
WHERE NOT $lenient OR (trace_id IS NOT NULL AND span_id IS NOT NULL AND start_ns IS NOT NULL)
