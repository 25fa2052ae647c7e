-- Spans of OTLP/JSON requests, with the attributes of span, scope and resource in one map, and the canonical names beside the old.
INSERT INTO span_rows
WITH usual AS MATERIALIZED (  -- the names of attributes that the first spans carry, where nothing is odd: most others carry the same
    SELECT list(names) AS names
    FROM (
        SELECT DISTINCT array_to_string(list_concat(list_transform(span.attributes, lambda a: a.key), around), chr(10)) AS names
        FROM (
            SELECT around, unnest(spans) AS span
            FROM (
                SELECT
                    list_concat(list_transform(list_concat(s.scope.attributes, of_resource), lambda a: a.key), scope_names(s.scope)) AS around,
                    s.spans
                FROM (
                    SELECT r.resource.attributes AS of_resource, unnest(r.scopeSpans) AS s
                    FROM (
                        SELECT unnest(resourceSpans) AS r
                        FROM (
                            SELECT resourceSpans
                            FROM read_json(
                                $path,
                                columns = {
                                    resourceSpans: 'STRUCT(
                                        resource STRUCT(attributes STRUCT("key" VARCHAR)[]),
                                        scopeSpans STRUCT(
                                            scope STRUCT("name" VARCHAR, version VARCHAR, attributes STRUCT("key" VARCHAR)[]),
                                            spans STRUCT(attributes STRUCT("key" VARCHAR)[])[]
                                        )[]
                                    )[]'
                                },
                                format = $format, compression = $compression, maximum_object_size = $object_size,
                                sample_size = 1, maximum_sample_files = 1, hive_partitioning = false
                            )
                            LIMIT $looked_at
                        )
                    )
                )
            )
            LIMIT 5000
        )
        WHERE strlen(names) < 10000
        LIMIT 50
    )
    WHERE NOT is_odd([names], $older)
),
requests AS (
    SELECT
        list_extract($file_ids::BIGINT[], CASE WHEN $joined THEN blameline_file ELSE 1 END) AS file_id,
        unnest(CASE
            WHEN resourceSpans IS NULL AND resourceLogs IS NULL AND resourceMetrics IS NULL
                THEN error('a line is no export request')
            ELSE resourceSpans
        END) AS r
    FROM read_json(
        $path,
        columns = {
            blameline_file: 'BIGINT',
            resourceLogs: 'STRUCT(schemaUrl VARCHAR)[]',
            resourceMetrics: 'STRUCT(schemaUrl VARCHAR)[]',
            resourceSpans: 'STRUCT(
                resource STRUCT(attributes STRUCT("key" VARCHAR, "value" STRUCT(stringValue VARCHAR, intValue VARCHAR, doubleValue DOUBLE, boolValue VARCHAR, arrayValue JSON, kvlistValue JSON, bytesValue VARCHAR))[]),
                scopeSpans STRUCT(
                    scope STRUCT("name" VARCHAR, version VARCHAR, attributes STRUCT("key" VARCHAR, "value" STRUCT(stringValue VARCHAR, intValue VARCHAR, doubleValue DOUBLE, boolValue VARCHAR, arrayValue JSON, kvlistValue JSON, bytesValue VARCHAR))[]),
                    spans STRUCT(
                        traceId VARCHAR, spanId VARCHAR, parentSpanId VARCHAR, "name" VARCHAR,
                        kind VARCHAR, startTimeUnixNano VARCHAR, endTimeUnixNano VARCHAR, status STRUCT(code VARCHAR, message VARCHAR),
                        traceState VARCHAR, droppedAttributesCount VARCHAR, droppedEventsCount VARCHAR, droppedLinksCount VARCHAR, events JSON, links JSON,
                        attributes STRUCT("key" VARCHAR, "value" STRUCT(stringValue VARCHAR, intValue VARCHAR, doubleValue DOUBLE, boolValue VARCHAR, arrayValue JSON, kvlistValue JSON, bytesValue VARCHAR))[]
                    )[]
                )[]
            )[]'
        },
        format = $format, compression = $compression, maximum_object_size = $object_size,
        sample_size = 1, maximum_sample_files = 1, hive_partitioning = false
    )
),
scopes AS (
    SELECT
        file_id,
        r.resource.attributes AS of_resource,
        unnest(CASE WHEN r.scopeSpans IS NULL THEN error('an entry has no scopeSpans') ELSE r.scopeSpans END) AS s
    FROM requests
),
around AS (
    SELECT
        file_id,
        list_concat(list_transform(list_concat(s.scope.attributes, of_resource), lambda a: a.key), scope_names(s.scope)) AS other_names,
        list_concat(
            list_transform(list_concat(s.scope.attributes, of_resource), lambda a: coalesce(plain_text(a.value), '')), scope_said(s.scope)
        ) AS other_said,
        CASE WHEN s.spans IS NULL THEN error('an entry has no spans') ELSE s.spans END AS spans
    FROM scopes
),
told AS (
    SELECT file_id, other_names, other_said, unnest(spans) AS span FROM around
),
valued AS (
    SELECT
        *,
        list_transform(span.attributes, lambda a: a.key) AS own_names,
        list_transform(span.attributes, lambda a: plain_text(a.value)) AS own_said,
        [
            said_kind(span.kind), nullif(span.status.message, ''), nullif(span.traceState, ''), nullif(span.droppedAttributesCount, '0'),
            nullif(span.droppedEventsCount, '0'), nullif(span.droppedLinksCount, '0'),
            nullif(span.events::VARCHAR, '[]'), nullif(span.links::VARCHAR, '[]')
        ] AS beside
    FROM told
),
named AS (
    SELECT
        file_id,
        span,
        list_concat(own_names, other_names) AS carried,
        CASE
            WHEN only_kind THEN list_concat(own_names, other_names, ['otel.span.kind'])
            ELSE list_concat(
                own_names,
                other_names,
                list_where(
                    [
                        'otel.span.kind', 'otel.status_description', 'otel.trace_state', 'otel.dropped_attributes_count',
                        'otel.dropped_events_count', 'otel.dropped_links_count', 'otel.events', 'otel.links'
                    ],
                    list_transform(beside, lambda given: given IS NOT NULL)
                )
            )
        END AS names,
        CASE
            WHEN only_kind THEN list_concat(own_said, other_said, beside[:1])
            ELSE list_concat(own_said, other_said, list_filter(beside, lambda given: given IS NOT NULL))
        END AS said
    FROM (SELECT *, beside[1] IS NOT NULL AND coalesce(beside[2], beside[3], beside[4], beside[5], beside[6], beside[7], beside[8]) IS NULL AS only_kind FROM valued)
    WHERE CASE WHEN list_count(own_said) < len(own_said) THEN error('an attribute has no value') ELSE TRUE END
),
known AS (
    SELECT
        *,
        CASE WHEN odd THEN also_known(names, said, $aliases::JSON::MAP(VARCHAR, STRUCT(r INTEGER, c VARCHAR, p VARCHAR, f BOOLEAN)[]), failed_without_answer(status, names, said)) END AS added
    FROM (
        SELECT
            *,
            coalesce(
                CASE span.status.code WHEN '1' THEN 'ok' WHEN '2' THEN 'error' WHEN 'STATUS_CODE_OK' THEN 'ok' WHEN 'STATUS_CODE_ERROR' THEN 'error' END,
                level_status(odd, names, said)
            ) AS status
        FROM (
            SELECT
                *,
                CASE
                    WHEN list_contains((SELECT names FROM usual), array_to_string(carried, chr(10))) THEN FALSE
                    ELSE is_odd(carried, $older)
                END AS odd
            FROM named
        )
    )
),
whole AS (
    SELECT
        file_id,
        span,
        odd,
        status,
        with_names(names, added) AS names,
        with_said(said, added) AS said,
        CASE  -- between 2000 and 2100
            WHEN try_cast(span.startTimeUnixNano AS BIGINT) BETWEEN 946684800000000000 AND 4102444800000000000
            THEN try_cast(span.startTimeUnixNano AS BIGINT)
        END AS start_ns,
        nullif(try_cast(span.endTimeUnixNano AS BIGINT), 0) AS end_ns
    FROM known
),
shown AS (
    SELECT
        *,
        redacted_values(odd, names, said, words) AS clean,
        CASE
            WHEN odd THEN list_transform(names, lambda name: is_old_content(name))
            ELSE list_transform(names, lambda name: is_content(name))
        END AS mask
    FROM (SELECT *, operation_of(names, said) AS op, [span.name, op, said_of(names, said, 'service.name')] AS words FROM whole)
),
answered AS (
    SELECT * REPLACE (coalesce(clean[-3:], words) AS words), opening_of(answer) AS opening
    FROM (
        SELECT *, message_text(recorded) AS answer
        FROM (SELECT *, answer_of(op, names, said) AS recorded FROM shown)
    )
)
SELECT
    hex_id(plain_id(span.traceId)) AS trace_id,
    hex_id(plain_id(span.spanId)) AS span_id,
    hex_id(plain_id(span.parentSpanId)) AS parent_id,
    words[1] AS name,
    words[2] AS op,
    make_timestamp(start_ns // 1000) AS start_at,
    start_ns,
    (end_ns - start_ns) / 1e6 AS duration_ms,
    status,
    words[3] AS service,
    unnest(span_facts(op, names, said, recorded, answer, opening)),
    unnest(span_parts(odd, names, said, clean, mask)),
    file_id,
    NULL AS line
FROM answered
