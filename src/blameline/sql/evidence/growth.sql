-- Day by day and by how long the conversation was by then: requests, and sum of the signal in whole millionths.
-- The length is the turn of the conversation, or how often the tokens that went in were doubled; of the turns beyond 40 and of tokens all are one.
WITH asked AS (
    SELECT t.trace_id, t.start_at, f.input_tokens,
           CASE WHEN f.talk IS NOT NULL THEN row_number() OVER (PARTITION BY f.talk ORDER BY t.start_at, t.trace_id) END AS turn
    FROM traces t
    JOIN facts f USING (trace_id)
),
long AS (
    SELECT trace_id, start_at, CASE WHEN $by = 'turn' THEN least(turn, 40) ELSE floor(2 * log2(1 + input_tokens)) / 2 END AS length FROM asked
)
SELECT (epoch_us(l.start_at) - epoch_us($onset::TIMESTAMP)) // 86400000000 AS day, l.length, count(*) AS n,
       sum(round(m.value * 1e6)::HUGEINT)::DOUBLE / 1e6 AS total
FROM measurements m
JOIN long l USING (trace_id)
WHERE m.signal = $signal AND l.length IS NOT NULL AND l.start_at >= $since AND l.start_at < $until
GROUP BY day, l.length
ORDER BY day, l.length
