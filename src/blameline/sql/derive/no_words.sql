-- No words: a table like that of the words that signals are read from, with nothing in it.
CREATE TEMP TABLE words AS
SELECT NULL::VARCHAR AS trace_id, NULL::VARCHAR AS question, NULL::VARCHAR AS question_language, NULL::BOOLEAN AS hedged, NULL::BOOLEAN AS cited, NULL::BOOLEAN AS repeated WHERE FALSE
