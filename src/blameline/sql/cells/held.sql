-- How often each of the facts is told: a struct a table, a number a column; of words also on how many requests there are any.
SELECT
    (SELECT c FROM (SELECT count(COLUMNS(* EXCLUDE (trace_id))) FROM facts) AS c) AS facts,
    (SELECT c FROM (SELECT count(COLUMNS(* EXCLUDE (trace_id))) FROM facts_of_documents) AS c) AS facts_of_documents,
    (SELECT c FROM (SELECT count(COLUMNS(*)) FROM facts_of_words) AS c) AS facts_of_words,
    (SELECT c FROM (SELECT count(COLUMNS(* EXCLUDE (trace_id))) FROM facts_of_objects) AS c) AS facts_of_objects,
    (SELECT c FROM (SELECT count(COLUMNS(* EXCLUDE (trace_id))) FROM facts_of_talks) AS c) AS facts_of_talks,
    (SELECT c FROM (SELECT count(COLUMNS(* EXCLUDE (segment_id))) FROM usual) AS c) AS usual
