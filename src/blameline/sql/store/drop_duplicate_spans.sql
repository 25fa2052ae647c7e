-- Of spans with the same ids keep the most complete, whatever the order they came in.
DELETE FROM spans
WHERE rowid IN (
    SELECT number
    FROM (
        SELECT
            spans.rowid AS number,
            row_number() OVER (
                PARTITION BY trace_id, span_id
                ORDER BY cardinality(attributes) DESC, duration_ms DESC NULLS LAST, start_ns, status DESC NULLS LAST,
                    attributes::VARCHAR, file_id, spans.rowid
            ) AS place
        FROM spans
        SEMI JOIN (SELECT trace_id, span_id FROM spans GROUP BY trace_id, span_id HAVING count(*) > 1) AS twice
            USING (trace_id, span_id)
    )
    WHERE place > 1
)
