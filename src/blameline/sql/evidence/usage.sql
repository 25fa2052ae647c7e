-- How many requests of the slice were scored after the onset, and what one of them took in tokens.
SELECT count(*) AS requests, avg(f.input_tokens + f.output_tokens) AS tokens
FROM traces t
JOIN segment_sets s USING (segment_id)
SEMI JOIN (SELECT trace_id FROM measurements WHERE signal = $signal) m ON m.trace_id = t.trace_id
LEFT JOIN facts f ON f.trace_id = t.trace_id
WHERE t.start_at >= $since AND t.start_at < $until
  AND len(list_filter(range(1, len($keys::VARCHAR[]) + 1), lambda i: s.segment[$keys[i]] IS DISTINCT FROM $values[i])) = 0
