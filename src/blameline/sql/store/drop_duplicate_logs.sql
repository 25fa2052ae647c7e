-- Of log records that say the same of the same span at the same moment keep one.
DELETE FROM logs
WHERE rowid IN (
    SELECT number
    FROM (
        SELECT
            rowid AS number,
            row_number() OVER (
                PARTITION BY
                    trace_id, span_id, logged_ns, names, said, content_names, content_said,
                    content_state, output_chars, output_language, output_fenced, output_json, output_refused  -- all that is left with --content none
                ORDER BY file_id, line
            ) AS place
        FROM logs
    )
    WHERE place > 1
)
