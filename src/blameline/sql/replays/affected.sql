-- The requests that an experiment may draw from: of the slice and the time, scored, and with all the versions that are to be swapped.
SELECT m.trace_id, m.value, t.start_at, s.segment, v.versions, f.input_tokens, f.output_tokens
FROM (SELECT trace_id, avg(value) AS value FROM measurements WHERE signal = $signal GROUP BY trace_id) m
JOIN traces t USING (trace_id)
JOIN version_sets v USING (version_id)
JOIN segment_sets s USING (segment_id)
LEFT JOIN facts f USING (trace_id)
WHERE t.start_at >= $since AND t.start_at < $until
  AND len(list_filter(range(1, len($keys::VARCHAR[]) + 1), lambda i: s.segment[$keys[i]] IS DISTINCT FROM $values[i])) = 0
  AND len(list_filter(
      range(1, len($version_keys::VARCHAR[]) + 1),
      lambda i: NOT list_contains(string_split(coalesce(v.versions[$version_keys[i]], ''), ' + '), $versions[i])
  )) = 0
ORDER BY m.trace_id
