-- The generations that another generation leads up to.
INSERT INTO outer_generations
SELECT trace_id, span_id
FROM span_rows
WHERE rowid IN (
    SELECT above.place
    FROM links below
    JOIN links above ON above.place = below.up
    WHERE below.generation AND above.generation AND above.place <> below.place
)
