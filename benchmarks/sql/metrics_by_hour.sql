-- What BARO is given: metrics of operation by hour, the mean over the requests that have them.
SELECT
    date_trunc('hour', t.start_at) AS hour,
    count(*)::DOUBLE AS requests,
    avg(ln(1 + f.latency_ms)) AS latency,
    avg(ln(1 + f.input_tokens)) AS input_tokens,
    avg(ln(1 + f.output_tokens)) AS output_tokens,
    avg(f.refused::INTEGER) AS refused,
    avg(f.truncated::INTEGER) AS truncated,
    avg(f.failed::INTEGER) AS failed,
    avg(f.tool_failed::INTEGER) AS tool_failed,
    avg(d.best_score) AS retrieval_score
FROM traces t
LEFT JOIN facts f USING (trace_id)
LEFT JOIN facts_of_documents d USING (trace_id)
GROUP BY hour
ORDER BY hour
