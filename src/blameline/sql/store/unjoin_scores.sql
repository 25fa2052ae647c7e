-- Take back which trace was found for a score: another load may find another.
UPDATE scores
SET trace_id = NULL, span_id = CASE WHEN joined = 'trace and span' THEN NULL ELSE span_id END, joined = NULL
WHERE joined IS NOT NULL
