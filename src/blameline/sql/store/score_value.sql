-- A score as a number: a finite number as it is, a word of praise or blame as 1 or 0; NULL for anything else.
CREATE OR REPLACE TEMP MACRO score_value(said) AS (
    CASE
        WHEN isfinite(try_cast(said AS DOUBLE)) THEN try_cast(said AS DOUBLE)
        WHEN lower(trim(said)) IN ('pass', 'passed', 'true', 'yes', 'correct', 'good', 'positive', 'thumbs_up', 'thumbs-up', 'up') THEN 1.0
        WHEN lower(trim(said)) IN ('fail', 'failed', 'false', 'no', 'incorrect', 'bad', 'negative', 'thumbs_down', 'thumbs-down', 'down') THEN 0.0
    END
)
