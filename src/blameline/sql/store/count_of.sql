-- A count as somebody wrote it, as a whole number: 12, '12' or 12.0; NULL for anything else, and beyond four thousand million.
CREATE OR REPLACE TEMP MACRO count_of(said) AS try_cast(round(try_cast(said AS DOUBLE)) AS UINTEGER)::BIGINT
