-- One signal on a share of the requests: ones and zeros, rarer by `fall` where the guilty change has been taken over.
INSERT INTO measurements
SELECT trace_id, $signal, $judge,
    (hash(trace_id, $signal, 'value') / 18446744073709551616 < 0.85 - 0.1 * (segment_id % 10) / 10 - $fall * (version_id >= $guilty)::INTEGER)::INTEGER
FROM traces
WHERE hash(trace_id, $signal, 'scored') / 18446744073709551616 < $share
ORDER BY trace_id
