-- An id as it may be kept, by what redacting left of it: one that holds something sensitive becomes a number, the same wherever it stands.
CREATE OR REPLACE TEMP MACRO joining_id(said, clean) AS (CASE WHEN clean <> said THEN 'id-' || left(md5(said), 16) ELSE said END)
