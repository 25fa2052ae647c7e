-- The cells of the traffic itself: time bucket x layer versions x segment -> requests.
SELECT (epoch_us(t.start_at) - epoch_us($since::TIMESTAMP)) // ($width::BIGINT * 1000000) AS bucket, t.version_id, t.segment_id, count(*) AS n
FROM traces t
WHERE t.start_at >= $since AND t.start_at < $until
GROUP BY ALL
ORDER BY ALL
