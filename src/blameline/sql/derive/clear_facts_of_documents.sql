-- Begin the facts of documents anew.
DELETE FROM facts_of_documents
