-- Begin the facts of words anew.
DELETE FROM facts_of_words
