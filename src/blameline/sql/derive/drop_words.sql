-- Forget the words that signals were read from.
DROP TABLE IF EXISTS words
