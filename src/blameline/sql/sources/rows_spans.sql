-- Spans that a source handed in as columns, with the canonical names beside the vendor's own.
INSERT INTO span_rows
WITH told AS (
    SELECT *, moment_ns(began) AS start_ns
    FROM incoming_spans
    WHERE hex_id(trace_id) IS NOT NULL AND hex_id(span_id) IS NOT NULL
),
known AS (
    SELECT
        *,
        CASE WHEN odd THEN also_known(names, said, $aliases::JSON::MAP(VARCHAR, STRUCT(r INTEGER, c VARCHAR, p VARCHAR, f BOOLEAN)[]), failed_without_answer(status, names, said)) END AS added
    FROM (
        SELECT * REPLACE (coalesce(said_status(status), level_status(odd, names, said)) AS status)
        FROM (SELECT *, is_odd(names, $older) AS odd FROM told)
    )
    WHERE start_ns IS NOT NULL
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
        SELECT *, operation_of(names, said) AS op, [name, op, said_of(names, said, 'service.name'), trace_id, span_id, parent_id] AS words FROM whole
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
    hex_id(kept_id(trace_id, words[4])) AS trace_id,
    hex_id(kept_id(span_id, words[5])) AS span_id,
    hex_id(kept_id(parent_id, words[6])) AS parent_id,
    words[1] AS name,
    words[2] AS op,
    make_timestamp(start_ns // 1000) AS start_at,
    start_ns,
    coalesce(duration_ms, (moment_ns(ended) - start_ns) / 1e6) AS duration_ms,
    status,
    words[3] AS service,
    unnest(span_facts(op, names, said, recorded, answer, opening)),
    unnest(span_parts(odd, names, said, clean, mask)),
    file_id,
    line
FROM answered
