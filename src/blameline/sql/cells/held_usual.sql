-- How often each of the usual is told.
SELECT count(COLUMNS(* EXCLUDE (segment_id))) FROM usual
