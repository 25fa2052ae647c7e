-- A time as a person or program wrote it (words, or a count since 1970 whose unit its size tells) in nanoseconds; NULL outside 2000–2100.
CREATE OR REPLACE TEMP MACRO moment_ns(said) AS (
    CASE
        WHEN try_cast(said AS DOUBLE) IS NULL THEN
            CASE WHEN written_moment(said) BETWEEN TIMESTAMPTZ '2000-01-01 00:00:00+00' AND TIMESTAMPTZ '2100-01-01 00:00:00+00'
            THEN epoch_us(written_moment(said)) * 1000 + CASE
                WHEN length(said) > 26 THEN coalesce(try_cast(rpad(regexp_extract(said, ':\d\d[.,]\d{6}(\d{1,3})', 1), 3, '0') AS BIGINT), 0)
                ELSE 0
            END END
        WHEN try_cast(said AS DOUBLE) BETWEEN 946684800 AND 4102444800 THEN round(try_cast(said AS DOUBLE) * 1e6)::BIGINT * 1000
        WHEN try_cast(said AS DOUBLE) BETWEEN 946684800e3 AND 4102444800e3 THEN round(try_cast(said AS DOUBLE) * 1e3)::BIGINT * 1000
        WHEN try_cast(said AS DOUBLE) BETWEEN 946684800e6 AND 4102444800e6 THEN round(try_cast(said AS DOUBLE))::BIGINT * 1000
        WHEN try_cast(said AS DOUBLE) BETWEEN 946684800e9 AND 4102444800e9 THEN coalesce(try_cast(said AS BIGINT), try_cast(said AS DOUBLE)::BIGINT)
    END
)
