-- Before a moment and after it, all requests of the window: tokens in and out, how long they took, and shares that were refused and cut off.
SELECT t.start_at >= $onset AS after, count(*) AS n,
       avg(ln(1 + f.input_tokens)) AS log_input_tokens, avg(ln(1 + f.output_tokens)) AS log_output_tokens,
       avg(ln(1 + f.latency_ms)) FILTER (f.latency_ms >= 0) AS log_latency_ms,
       avg(f.refused::INTEGER) AS refused, avg(f.truncated::INTEGER) AS truncated
FROM traces t
JOIN facts f USING (trace_id)
WHERE t.start_at >= $since AND t.start_at < $until
GROUP BY after
ORDER BY after
