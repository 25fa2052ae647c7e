-- One row a trace whose words are on record: what they show, without the words.
INSERT INTO facts_of_words
SELECT trace_id, question_language, hedged, cited, repeated FROM words
