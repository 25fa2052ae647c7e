-- When each request began, in microseconds since the window's start, with its version set and its segment set, oldest first.
SELECT epoch_us(start_at) - epoch_us($since::TIMESTAMP) AS began, version_id, segment_id
FROM traces
WHERE start_at >= $since AND start_at < $until
ORDER BY start_at, trace_id
