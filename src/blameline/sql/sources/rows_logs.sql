-- Log records that a source handed in as columns: what they tell of the call that they belong to.
INSERT INTO logs
WITH told AS (
    SELECT *, moment_ns(moment) AS logged_ns
    FROM incoming_logs
    WHERE hex_id(trace_id) IS NOT NULL AND hex_id(span_id) IS NOT NULL
),
shown AS (
    SELECT
        *,
        redacted_values(TRUE, names, said, [trace_id, span_id]) AS clean,
        list_transform(names, lambda name: is_old_content(name)) AS mask
    FROM told
),
answered AS (
    SELECT *, clean[-2:] AS words, opening_of(answer) AS opening
    FROM (
        SELECT *, message_text(recorded) AS answer
        FROM (SELECT *, answer_of('chat', names, said) AS recorded FROM shown)
    )
)
SELECT
    hex_id(kept_id(trace_id, words[1])) AS trace_id,
    hex_id(kept_id(span_id, words[2])) AS span_id,
    logged_ns,
    unnest(span_facts('chat', names, said, recorded, answer, opening)),
    unnest(span_parts(TRUE, names, said, clean, mask)),
    file_id,
    line
FROM answered
