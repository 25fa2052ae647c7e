-- Share of requests with an answer that says that it is not sure.
-- direction: none
-- unit: share of answers
-- family: behaviour
-- part: context
-- reads: facts_of_words.hedged
-- needs: the words of answers (--content redacted or full)
-- bias: by a list of words, most of them English; an honest model hedges more
CREATE OR REPLACE TEMP VIEW signal AS
SELECT trace_id, hedged::INTEGER AS value FROM facts_of_words
