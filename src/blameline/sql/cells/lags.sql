-- How long after its request each score was recorded, in hours: nine in ten came sooner. Of requests of the first half, whose scores have all come.
SELECT c.name AS signal, quantile_cont((epoch_us(c.scored_at) - epoch_us(t.start_at)) / 3.6e9, 0.9) AS hours, count(*) AS n
FROM scores c
JOIN traces t USING (trace_id)
WHERE c.scored_at IS NOT NULL AND t.start_at >= $since AND t.start_at < $since::TIMESTAMP + ($until::TIMESTAMP - $since::TIMESTAMP) / 2
GROUP BY c.name
ORDER BY c.name
