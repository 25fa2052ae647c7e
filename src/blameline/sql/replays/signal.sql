-- What the signal that was laid out last says of each answer.
SELECT trace_id, value::DOUBLE AS value FROM signal WHERE value IS NOT NULL ORDER BY trace_id
