-- The signal that the view `signal` shows, by bucket, layer versions and segment, with the sums that tell how it goes with the tokens in and out.
-- Sums run over whole millionths, so that the same rows give the same bits whatever thread adds them; of many requests a sample is read.
WITH told AS (
    SELECT (epoch_us(t.start_at) - epoch_us($since::TIMESTAMP)) // ($width::BIGINT * 1000000) AS bucket, t.version_id, t.segment_id,
           s.value AS y, ln(1 + f.input_tokens) AS a, ln(1 + f.output_tokens) AS b
    FROM signal s
    JOIN traces t USING (trace_id)
    JOIN facts f USING (trace_id)
    WHERE s.value IS NOT NULL AND t.start_at >= $since AND t.start_at < $until
      AND ($one_in = 1 OR md5_number_lower(s.trace_id) % $one_in = 0)
),
filled AS (  -- who does not say how many tokens counts as the others of his segment do
    SELECT bucket, version_id, segment_id, y, a IS NOT NULL AND b IS NOT NULL AS counted,
           coalesce(a, avg(a) OVER (PARTITION BY segment_id)) AS a, coalesce(b, avg(b) OVER (PARTITION BY segment_id)) AS b
    FROM told
)
SELECT bucket, version_id, segment_id, count(*) AS n, count_if(counted) AS counted,
       sum(round(y * 1e6)::HUGEINT)::DOUBLE / 1e6 AS y, sum(round(y * y * 1e6)::HUGEINT)::DOUBLE / 1e6 AS yy,
       sum(round(a * 1e6)::HUGEINT)::DOUBLE / 1e6 AS a, sum(round(b * 1e6)::HUGEINT)::DOUBLE / 1e6 AS b,
       sum(round(a * a * 1e6)::HUGEINT)::DOUBLE / 1e6 AS aa, sum(round(b * b * 1e6)::HUGEINT)::DOUBLE / 1e6 AS bb,
       sum(round(a * b * 1e6)::HUGEINT)::DOUBLE / 1e6 AS ab,
       sum(round(y * a * 1e6)::HUGEINT)::DOUBLE / 1e6 AS ya, sum(round(y * b * 1e6)::HUGEINT)::DOUBLE / 1e6 AS yb
FROM filled
GROUP BY bucket, version_id, segment_id
ORDER BY bucket, version_id, segment_id
