-- One span a row of a plain table.
INSERT INTO spans
WITH told AS (
    SELECT
        line,
        record,
        moment_ns(record[$at]) AS start_ns,
        map_entries(map_from_entries(list_filter(
            map_entries(record), lambda e: e.value IS NOT NULL AND NOT list_contains($own::VARCHAR[], e.key)
        ))) AS entries
    FROM staging
    WHERE record IS NOT NULL
),
named AS (
    SELECT
        *,
        list_transform(entries, lambda e: e.key) AS names,
        list_transform(entries, lambda e: e.value) AS said
    FROM told
    WHERE start_ns IS NOT NULL
),
known AS (
    SELECT *, also_known(names, said, $aliases::JSON::MAP(VARCHAR, STRUCT(r INTEGER, c VARCHAR, p VARCHAR)[])) AS added
    FROM named
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
    coalesce(nullif(record[$trace_id], ''), md5($sha256 || ':' || line)) AS trace_id,
    coalesce(nullif(record[$span_id], ''), left(md5(record::VARCHAR || coalesce(record[$trace_id], $sha256 || line)), 16)) AS span_id,
    nullif(record[$parent_id], '') AS parent_id,
    record[$name] AS name,
    said_operation(
        attributes['gen_ai.operation.name'], attributes['openinference.span.kind'], attributes['traceloop.span.kind'],
        attributes['llm.request.type']
    ) AS op,
    make_timestamp(start_ns // 1000) AS start_at,
    start_ns,
    coalesce(try_cast(record[$duration_ms] AS DOUBLE), (moment_ns(record[$end]) - start_ns) / 1e6) AS duration_ms,
    said_status(record[$status]) AS status,
    attributes['service.name'] AS service,
    attributes,
    $file_id AS file_id,
    line
FROM whole
