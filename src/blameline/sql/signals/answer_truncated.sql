-- Share of requests with a generation that was cut off by the token limit.  better: lower  unit: share  family: behaviour
INSERT INTO measurements
SELECT trace_id, 'answer_truncated', NULL,
       max((attributes['gen_ai.response.finish_reason'] IN ('length', 'max_tokens', 'MAX_TOKENS'))::INTEGER)
FROM spans
WHERE attributes['gen_ai.response.finish_reason'] IS NOT NULL
GROUP BY trace_id

