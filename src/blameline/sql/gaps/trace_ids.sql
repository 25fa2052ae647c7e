-- Where the lower halves of the trace ids lie between 0 and 1, as quantiles: a sampler that goes by the id leaves only a part.
-- Some fifty thousand of them are enough, chosen by a hash and so by the ids alone.
WITH halves AS (
    SELECT
        try_cast('0x' || trace_id[17:32] AS UBIGINT)::DOUBLE / 18446744073709551616.0 AS low64,
        try_cast('0x' || trace_id[19:32] AS UBIGINT)::DOUBLE / 72057594037927936.0 AS low56
    FROM traces
    WHERE hash(trace_id) % greatest((SELECT count(*) FROM traces) // 50000, 1) = 0 AND length(trace_id) = 32 AND regexp_full_match(trace_id, '[0-9a-f]{32}')
)
SELECT count(*) AS n, quantile_disc(low64, [0.0, 0.25, 0.5, 0.75, 1.0]) AS low64, quantile_disc(low56, [0.0, 0.25, 0.5, 0.75, 1.0]) AS low56
FROM halves
