-- No words: a table like that of the words that signals are read from, with nothing in it.
CREATE TEMP TABLE words AS
SELECT NULL::VARCHAR AS trace_id, NULL::VARCHAR AS question WHERE FALSE
