-- How often each of the facts of documents is told.
SELECT count(COLUMNS(* EXCLUDE (trace_id))) FROM facts_of_documents
