-- How often each of the facts is told.
SELECT count(COLUMNS(* EXCLUDE (trace_id))) FROM facts
