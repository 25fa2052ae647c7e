-- Share of the requests whose search found fewer than half as many documents as was usual in the first quarter of the window.
-- direction: lower
-- unit: share of requests that search
-- family: retrieval
-- part: context
-- reads: facts_of_documents.documents, usual.documents
-- needs: documents on retrieval spans: gen_ai.retrieval.documents, twenty or more of a segment in the first quarter
-- bias: a smaller top_k looks the same, and is often meant
CREATE OR REPLACE TEMP VIEW signal AS
SELECT d.trace_id, (d.documents < 0.5 * u.documents)::INTEGER AS value
FROM facts_of_documents d
JOIN traces t USING (trace_id)
JOIN usual u USING (segment_id)
WHERE u.documents IS NOT NULL
