-- Generations that another generation below them tells again, among all.
SELECT
    (SELECT count(*) FROM outer_generations) AS n,
    (SELECT count(*) FROM span_rows WHERE content_state IS NOT NULL) AS whole
