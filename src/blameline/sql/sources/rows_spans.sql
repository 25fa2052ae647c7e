-- Spans that a source handed in as columns, with the canonical names beside the vendor's own.
INSERT INTO spans
WITH told AS (
    SELECT *, moment_ns(began) AS start_ns
    FROM incoming
    WHERE coalesce(trace_id, '') <> '' AND coalesce(span_id, '') <> ''
),
known AS (
    SELECT *, also_known(names, said, $aliases::JSON::MAP(VARCHAR, STRUCT(r INTEGER, c VARCHAR, p VARCHAR)[])) AS added
    FROM told
    WHERE start_ns IS NOT NULL
),
whole AS (
    SELECT
        *,
        first_of_each(
            list_concat(names, list_transform(added, lambda a: a.c)),
            list_concat(said, list_transform(added, lambda a: a.v))
        ) AS attributes
    FROM known
)
SELECT
    hex_id(trace_id) AS trace_id,
    hex_id(span_id) AS span_id,
    hex_id(parent_id) AS parent_id,
    name,
    said_operation(
        attributes['gen_ai.operation.name'], attributes['openinference.span.kind'], attributes['traceloop.span.kind'],
        attributes['llm.request.type']
    ) AS op,
    make_timestamp(start_ns // 1000) AS start_at,
    start_ns,
    coalesce(duration_ms, (moment_ns(ended) - start_ns) / 1e6) AS duration_ms,
    said_status(status) AS status,
    attributes['service.name'] AS service,
    attributes,
    $file_id AS file_id,
    line
FROM whole
