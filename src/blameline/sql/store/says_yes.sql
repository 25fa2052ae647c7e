-- Whether an attribute says yes: a flag, or a number above nothing; NULL where it says neither yes nor no.
CREATE OR REPLACE TEMP MACRO says_yes(said) AS (
    CASE
        WHEN said IS NULL THEN NULL
        WHEN lower(trim(said)) IN ('true', 'yes', 'y', 't', 'on') THEN TRUE
        WHEN lower(trim(said)) IN ('false', 'no', 'n', 'f', 'off', '', 'none', 'null') THEN FALSE
        WHEN try_cast(said AS DOUBLE) IS NOT NULL THEN try_cast(said AS DOUBLE) > 0
    END
)
