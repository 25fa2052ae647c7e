-- Begin the facts of the traces anew.
DELETE FROM facts
