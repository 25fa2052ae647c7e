-- A score as a number: one between -1e12 and 1e12 as it is, a word of praise or blame as 1 or 0; NULL for anything else. What is
-- beyond (a hash, an overflow, a stand-in for nothing) would be all that a mean shows, whatever the other scores are.
CREATE OR REPLACE TEMP MACRO score_value(said) AS (
    CASE
        WHEN abs(try_cast(said AS DOUBLE)) <= 1e12 THEN try_cast(said AS DOUBLE)
        WHEN lower(trim(said)) IN ('pass', 'passed', 'true', 'yes', 'correct', 'good', 'positive', 'thumbs_up', 'thumbs-up', 'up') THEN 1.0
        WHEN lower(trim(said)) IN ('fail', 'failed', 'false', 'no', 'incorrect', 'bad', 'negative', 'thumbs_down', 'thumbs-down', 'down') THEN 0.0
    END
)
