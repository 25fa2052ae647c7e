-- How many requests of the slice were scored after the onset, and what one of them took in tokens.
SELECT count(*) AS requests, avg(f.input_tokens + f.output_tokens) AS tokens
FROM (SELECT DISTINCT trace_id FROM measurements WHERE signal = $signal) m
JOIN traces t USING (trace_id)
JOIN segment_sets s USING (segment_id)
LEFT JOIN facts f USING (trace_id)
WHERE t.start_at >= $since AND t.start_at < $until
  AND len(list_filter(range(1, len($keys::VARCHAR[]) + 1), lambda i: s.segment[$keys[i]] IS DISTINCT FROM $values[i])) = 0
