-- Questions that were asked more than once: by question, bucket, and whether the request carried the change; `words` counts the questions on record.
WITH told AS (
    SELECT q.item, (epoch_us(t.start_at) - epoch_us($since::TIMESTAMP)) // ($width::BIGINT * 1000000) AS bucket, m.trace_id, m.value,
           CASE WHEN $key IS NULL THEN t.start_at >= $starts
                    AND len(list_filter(range(1, len($scope_keys::VARCHAR[]) + 1),
                                        lambda i: s.segment[$scope_keys[i]] IS DISTINCT FROM $scope_values[i])) = 0
                ELSE coalesce(list_contains(string_split(coalesce(r.versions[$key], v.versions[$key], ''), ' + '), $value), false)
           END AS exposed
    FROM questions q
    JOIN measurements m USING (trace_id)
    JOIN traces t USING (trace_id)
    JOIN version_sets v USING (version_id)
    JOIN segment_sets s USING (segment_id)
    LEFT JOIN rulers r ON r.judge = m.judge
    WHERE m.signal = $signal AND t.start_at >= $since AND t.start_at < $until
),
whole AS (SELECT count(question_language) AS words FROM facts_of_words)
SELECT t.item, t.bucket, t.exposed, count(t.value) AS n, sum(t.value ORDER BY t.trace_id) AS total, w.words
FROM whole w
LEFT JOIN told t ON TRUE
GROUP BY t.item, t.bucket, t.exposed, w.words
ORDER BY t.item, t.bucket, t.exposed
