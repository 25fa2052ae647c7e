-- How long a request takes.
-- direction: lower
-- unit: log of milliseconds, capped at an hour
-- family: time
-- part: context
-- reads: facts.latency_ms
-- needs: the end of root spans
-- bias: a request that never ended is not in it: the worst are missing
CREATE OR REPLACE TEMP VIEW signal AS
SELECT trace_id, ln(1 + least(latency_ms, 3600000)) AS value FROM facts WHERE latency_ms >= 0
