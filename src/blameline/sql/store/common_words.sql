-- How many of eight words a text holds.
CREATE OR REPLACE TEMP MACRO common_words(said, a, b, c, d, e, f, g, h) AS (
    contains(said, a)::INTEGER + contains(said, b)::INTEGER + contains(said, c)::INTEGER + contains(said, d)::INTEGER
    + contains(said, e)::INTEGER + contains(said, f)::INTEGER + contains(said, g)::INTEGER + contains(said, h)::INTEGER
)
