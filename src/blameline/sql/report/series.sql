-- A signal by time bucket in one segment: requests, mean and standard deviation.
SELECT (epoch_us(t.start_at) - epoch_us($since::TIMESTAMP)) // ($width::BIGINT * 1000000) AS bucket,
       count(*) AS n, avg(m.value) AS mean, coalesce(stddev_pop(m.value), 0) AS spread
FROM measurements m
JOIN traces t USING (trace_id)
JOIN segment_sets s USING (segment_id)
WHERE m.signal = $signal AND t.start_at >= $since AND t.start_at < $until
  AND len(list_filter(range(1, len($scope_keys::VARCHAR[]) + 1),
                      lambda i: s.segment[$scope_keys[i]] IS DISTINCT FROM $scope_values[i])) = 0
GROUP BY bucket
ORDER BY bucket
