-- How often each of the facts of talks is told.
SELECT count(COLUMNS(* EXCLUDE (trace_id))) FROM facts_of_talks
