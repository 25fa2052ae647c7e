-- Begin the facts of objects anew.
DELETE FROM facts_of_objects
