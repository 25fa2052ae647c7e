-- A count as somebody wrote it, as a whole number: 12, '12' or 12.0; NULL for anything else.
CREATE OR REPLACE TEMP MACRO count_of(said) AS (
    CASE WHEN try_cast(said AS DOUBLE) BETWEEN 0 AND 1e15 THEN round(try_cast(said AS DOUBLE))::BIGINT END
)
