-- How many of six words a text holds.
CREATE OR REPLACE TEMP MACRO common_words(said, a, b, c, d, e, f) AS (
    contains(said, a)::INTEGER + contains(said, b)::INTEGER + contains(said, c)::INTEGER + contains(said, d)::INTEGER
    + contains(said, e)::INTEGER + contains(said, f)::INTEGER
)
