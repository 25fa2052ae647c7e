-- How often each of the facts of words is told.
SELECT count(COLUMNS(* EXCLUDE (trace_id))) FROM facts_of_words
