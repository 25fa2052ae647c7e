-- Share of the JSON answers that stand in a code fence, which a parser trips over.
-- direction: lower
-- unit: share of JSON answers
-- family: behaviour
-- part: signal
-- reads: facts.output_fenced
-- needs: answers that are JSON
-- bias: where fences have always been usual their share says nothing
CREATE OR REPLACE TEMP VIEW signal AS
SELECT trace_id, output_fenced::INTEGER AS value FROM facts
