-- The signal on requests that carried the change and on those that did not, before and after it first appeared.
WITH told AS (
    SELECT m.value, t.start_at >= $starts AS after,
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
SELECT CASE WHEN $key IS NULL THEN in_scope ELSE coalesce(carries, false) END AS exposed, after, count(*) AS n, avg(value) AS mean
FROM told
GROUP BY ALL
ORDER BY ALL
