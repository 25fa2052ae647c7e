-- Which answers kept a contract, 1 or 0; those that say nothing are not there.
SELECT trace_id, value FROM measurements WHERE signal = $signal ORDER BY trace_id
