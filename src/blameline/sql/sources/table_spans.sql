-- One span a row of a plain table.
INSERT INTO span_rows
WITH told AS (
    SELECT
        line,
        record,
        moment_ns(record[$at]) AS start_ns,
        list_filter(
            map_entries(record), lambda e: e.value IS NOT NULL AND NOT list_contains($own::VARCHAR[], e.key)
        ) AS entries
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
    SELECT
        *,
        CASE WHEN odd THEN also_known(names, said, $aliases::JSON::MAP(VARCHAR, STRUCT(r INTEGER, c VARCHAR, p VARCHAR, f BOOLEAN)[]), failed_without_answer(said_status(record[$status]), names, said)) END AS added
    FROM (SELECT *, is_odd(names, $older) AS odd FROM named)
),
whole AS (
    SELECT * EXCLUDE (names, said), with_names(names, added) AS names, with_said(said, added) AS said
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
    FROM (
        SELECT
            *,
            operation_of(names, said) AS op,
            [record[$name], op, said_of(names, said, 'service.name'), record[$trace_id], record[$span_id], record[$parent_id]] AS words
        FROM whole
    )
),
answered AS (
    SELECT * REPLACE (coalesce(clean[-6:], words) AS words), opening_of(answer) AS opening
    FROM (
        SELECT *, message_text(recorded) AS answer
        FROM (SELECT *, answer_of(op, names, said) AS recorded FROM shown)
    )
)
SELECT
    coalesce(nullif(kept_id(record[$trace_id], words[4]), ''), md5($sha256 || ':' || line)) AS trace_id,
    coalesce(nullif(kept_id(record[$span_id], words[5]), ''), left(md5(record::VARCHAR || coalesce(record[$trace_id], $sha256 || line)), 16)) AS span_id,
    nullif(kept_id(record[$parent_id], words[6]), '') AS parent_id,
    words[1] AS name,
    words[2] AS op,
    make_timestamp(start_ns // 1000) AS start_at,
    start_ns,
    coalesce(try_cast(record[$duration_ms] AS DOUBLE), (moment_ns(record[$end]) - start_ns) / 1e6) AS duration_ms,
    said_status(record[$status]) AS status,
    words[3] AS service,
    unnest(span_facts(op, names, said, recorded, answer, opening)),
    unnest(span_parts(odd, names, said, clean, mask)),
    $file_id AS file_id,
    line
FROM answered
