-- How much of what a question found it had found the time before as well (Jaccard over the ids).
-- direction: higher
-- unit: share of documents
-- family: retrieval
-- part: context
-- reads: facts_of_documents.overlap
-- needs: ids of documents, and questions that are asked again word by word (--content redacted or full)
-- bias: only questions that come again; a corpus that is renewed with reason moves it too
CREATE OR REPLACE TEMP VIEW signal AS
SELECT trace_id, overlap AS value FROM facts_of_documents
