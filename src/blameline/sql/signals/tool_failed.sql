-- Share of the requests that call tools in which a call failed, and was not made again.
-- direction: lower
-- unit: share of requests with tools
-- family: task
-- part: signal
-- reads: facts.tool_failed
-- needs: spans of tools with a status
-- bias: a tool that answers with an error text and no error status has not failed here
CREATE OR REPLACE TEMP VIEW signal AS
SELECT trace_id, tool_failed::INTEGER AS value FROM facts
