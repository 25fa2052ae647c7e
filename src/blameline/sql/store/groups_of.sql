-- The groups of four figures that a number is written in, each with what stands before it.
CREATE OR REPLACE TEMP MACRO groups_of(said) AS regexp_extract_all(said, '(?:%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\D)*\d{4}')
