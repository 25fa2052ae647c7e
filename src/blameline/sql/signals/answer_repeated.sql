-- Share of requests with an answer that says thirty characters four times or more, as models do that are caught in a loop.
-- direction: lower
-- unit: share of answers
-- family: behaviour
-- part: signal
-- reads: facts_of_words.repeated
-- needs: the words of answers (--content redacted or full)
-- bias: its middle and its end are tried and no more; tables and lists of alike lines repeat themselves with reason
CREATE OR REPLACE TEMP VIEW signal AS
SELECT trace_id, repeated::INTEGER AS value FROM facts_of_words
