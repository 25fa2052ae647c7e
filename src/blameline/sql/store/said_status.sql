-- How a request ended, 'ok' or 'error', from the many ways of saying it; NULL where it does not say.
CREATE OR REPLACE TEMP MACRO said_status(said) AS (
    CASE
        WHEN lower(said) IN ('error', 'status_code_error', 'failed', 'failure', 'fail', 'exception', 'timeout', 'false') THEN 'error'
        WHEN lower(said) IN ('ok', 'status_code_ok', 'success', 'succeeded', 'completed', 'true') THEN 'ok'
        WHEN try_cast(said AS INTEGER) BETWEEN 100 AND 399 THEN 'ok'
        WHEN try_cast(said AS INTEGER) BETWEEN 400 AND 599 THEN 'error'
    END
)
