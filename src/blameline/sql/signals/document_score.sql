-- How well the best document fits, as its store counts.
-- direction: higher
-- unit: score of the store, capped at -1000 and 1000
-- family: retrieval
-- part: context
-- reads: facts_of_documents.best_score
-- needs: scores of documents on retrieval spans: gen_ai.retrieval.documents
-- bias: scores of two embedders or stores cannot be compared, and where a store gives distances less is better
CREATE OR REPLACE TEMP VIEW signal AS
SELECT trace_id, greatest(least(best_score, 1000), -1000) AS value FROM facts_of_documents WHERE best_score IS NOT NULL
