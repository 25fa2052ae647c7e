-- How many generations had an answer when they came in.
SELECT count(*) AS whole, count(*) FILTER (WHERE content_state <> 'absent') AS n FROM span_rows WHERE content_state IS NOT NULL
