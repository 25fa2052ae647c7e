-- Share of the requests that looked for documents and found none in one of their searches.
-- direction: lower
-- unit: share of requests that search
-- family: retrieval
-- part: signal
-- reads: facts_of_documents.documents
-- needs: documents on retrieval spans: gen_ai.retrieval.documents
-- bias: an application that leaves the attribute out when it finds nothing seems never to come back empty
CREATE OR REPLACE TEMP VIEW signal AS
SELECT trace_id, (documents = 0)::INTEGER AS value FROM facts_of_documents
