-- Share of answers over documents that name a source: a number or a name in brackets, a link, or a list of sources.
-- direction: higher
-- unit: share of answers over documents
-- family: behaviour
-- part: signal
-- reads: facts_of_words.cited, facts_of_documents.documents
-- needs: documents on retrieval spans, and the words of answers (--content redacted or full)
-- bias: a source that is named need not hold what is said; an application that adds links by itself seems to cite
CREATE OR REPLACE TEMP VIEW signal AS
SELECT trace_id, w.cited::INTEGER AS value
FROM facts_of_words w
JOIN facts_of_documents d USING (trace_id)
WHERE d.documents > 0
