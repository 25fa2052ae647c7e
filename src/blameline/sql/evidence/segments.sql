-- Segment by segment: the share of requests that carried the change, and the signal's mean, before and after it first appeared.
WITH told AS (
    SELECT m.value, s.segment, s.segment_id, t.start_at >= $starts AS after,
           len(list_filter(range(1, len($scope_keys::VARCHAR[]) + 1),
                           lambda i: s.segment[$scope_keys[i]] IS DISTINCT FROM $scope_values[i])) = 0 AS in_scope,
           list_contains(string_split(coalesce(r.versions[$key], v.versions[$key], ''), ' + '), $value) AS carries
    FROM measurements m
    JOIN traces t USING (trace_id)
    JOIN version_sets v USING (version_id)
    JOIN segment_sets s USING (segment_id)
    LEFT JOIN rulers r ON r.judge = m.judge
    WHERE m.signal = $signal AND t.start_at >= $since AND t.start_at < $until
)
SELECT segment, after,
       avg(CASE WHEN $key IS NULL THEN (in_scope AND after)::INTEGER ELSE coalesce(carries, false)::INTEGER END) AS exposed,
       count(*) AS n, avg(value) AS mean
FROM told
GROUP BY segment, segment_id, after
ORDER BY segment_id, after
