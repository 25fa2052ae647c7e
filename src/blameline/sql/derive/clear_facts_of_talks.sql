-- Begin the facts of talks anew.
DELETE FROM facts_of_talks
