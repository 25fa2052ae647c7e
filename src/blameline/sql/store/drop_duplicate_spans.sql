-- Of spans with the same ids keep the most complete, whatever the order they came in. Few come twice: they are found by a number first.
-- Where copies say as much, whatever they say decides, by a number made of all of it; the file and line only between equal ones.
DELETE FROM span_rows
WHERE rowid IN (
    SELECT number
    FROM (
        SELECT
            rowid AS number,
            row_number() OVER (
                PARTITION BY trace_id, span_id
                ORDER BY len(names) + len(content_names) DESC, duration_ms DESC NULLS LAST, start_ns, status DESC NULLS LAST,
                    hash(
                        names, said, content_names, content_said, name, parent_id, op, service, finish, input_tokens, output_tokens,
                        cost_usd, content_state, output_chars, output_language, output_fenced, output_json, output_refused
                    ),
                    file_id, line
            ) AS place
        FROM span_rows
        WHERE hash(trace_id, span_id) IN (
            SELECT key FROM (SELECT hash(trace_id, span_id) AS key FROM span_rows) GROUP BY key HAVING count(*) > 1
        )
    )
    WHERE place > 1
)
