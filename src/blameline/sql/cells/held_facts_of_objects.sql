-- How often each of the facts of objects is told.
SELECT count(COLUMNS(* EXCLUDE (trace_id))) FROM facts_of_objects
