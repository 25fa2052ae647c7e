-- What each stage of the chain put out, day by day from the onset on, beside the signal: by output, level, day and segment.
-- Outputs are turned so that more is worse; levels of shares are 0 and 1, of all else the deciles of before the onset. `place` is where in a request the stage
-- stands (for calls of models the last one), `first` where it begins, both in microseconds.
WITH inside AS (
    SELECT t.trace_id, t.start_at, t.segment_id, floor((epoch_us(t.start_at) - epoch_us($onset::TIMESTAMP)) / 86400e6)::BIGINT AS day
    FROM traces t
    JOIN segment_sets s USING (segment_id)
    WHERE t.start_at >= $since AND t.start_at < $until
        AND len(list_filter(range(1, len($keys::VARCHAR[]) + 1), lambda i: s.segment[$keys[i]] IS DISTINCT FROM $values[i])) = 0
),
spans AS (
    SELECT s.trace_id, s.span_id, s.start_at, s.status,
           CASE WHEN s.op IN ('retrieval', 'embeddings') THEN 'retrieval' WHEN s.op = 'execute_tool' THEN 'tools'
                WHEN s.op IN ('rerank', 'guardrail') THEN s.op ELSE 'generation' END AS stage
    FROM span_rows s
    SEMI JOIN inside USING (trace_id)
    WHERE s.op IN ('retrieval', 'embeddings', 'rerank', 'execute_tool', 'guardrail', 'chat', 'text_completion', 'generate_content', 'fetch_response')
),
steps AS (
    SELECT trace_id, stage, bool_or(coalesce(status = 'error', FALSE)) AS failed, min(epoch_us(start_at)) AS first, max(epoch_us(start_at)) AS last
    FROM spans
    GROUP BY trace_id, stage
),
places AS (
    SELECT p.stage, avg(CASE WHEN p.stage = 'generation' THEN p.last ELSE p.first END - epoch_us(i.start_at)) AS place,
           avg(p.first - epoch_us(i.start_at)) AS first, bool_or(p.failed) AS failed, count(*) AS n
    FROM steps p
    JOIN inside i USING (trace_id)
    GROUP BY p.stage
),
listed AS (SELECT unnest($outputs::VARCHAR[]) AS output, unnest($stages::VARCHAR[]) AS stage, unnest($sides::INTEGER[]) AS side),
told AS (
    SELECT m.trace_id, o.stage, o.output, o.side * m.value AS value
    FROM measurements m
    JOIN listed o ON o.output = m.signal AND o.stage <> ''
    UNION ALL
    SELECT trace_id, 'retrieval', 'document_score', -greatest(least(best_score, 1000), -1000)
    FROM facts_of_documents
    WHERE best_score IS NOT NULL AND NOT list_contains($outputs::VARCHAR[], 'document_score')
    UNION ALL
    SELECT p.trace_id, p.stage, p.stage || ' failed', p.failed::INTEGER
    FROM steps p
    JOIN places e USING (stage)
    WHERE stage <> 'tools' AND e.failed
    UNION ALL  -- scores of a span that is not the answer
    SELECT c.trace_id, s.stage, c.name, o.side * avg(c.value)
    FROM scores c
    JOIN listed o ON o.output = c.name AND o.stage = ''
    JOIN spans s ON s.trace_id = c.trace_id AND s.span_id = c.span_id AND s.stage <> 'generation'
    WHERE c.name <> $signal
    GROUP BY c.trace_id, s.stage, c.name, o.side
),
edges AS (
    SELECT t.output, list_distinct(quantile_disc(t.value, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])) AS edges
    FROM told t
    JOIN inside i USING (trace_id)
    WHERE i.day < 0 AND (t.output = 'document_score' OR t.output IN (SELECT output FROM listed WHERE stage = ''))
    GROUP BY t.output
),
scored AS (SELECT trace_id, avg(value) AS value FROM measurements WHERE signal = $signal GROUP BY trace_id)
SELECT t.stage, t.output, p.place, p.first,
       CASE WHEN e.edges IS NULL THEN round(t.value)::BIGINT
            ELSE len(list_filter(e.edges, lambda edge: edge < t.value)) + len(list_filter(e.edges, lambda edge: edge <= t.value))
       END AS level,
       i.day, i.segment_id, count(*) AS n, sum(round(t.value * 1e6)::HUGEINT)::DOUBLE / 1e6 AS total,
       sum(round(t.value * t.value * 1e6)::HUGEINT)::DOUBLE / 1e6 AS square, count(y.value) AS scored,
       coalesce(sum(round(y.value * 1e6)::HUGEINT), 0)::DOUBLE / 1e6 AS score,
       coalesce(sum(round(y.value * y.value * 1e6)::HUGEINT), 0)::DOUBLE / 1e6 AS score_square
FROM told t
JOIN inside i USING (trace_id)
LEFT JOIN edges e USING (output)
LEFT JOIN places p ON p.stage = t.stage
LEFT JOIN scored y USING (trace_id)
GROUP BY t.stage, t.output, p.place, p.first, level, i.day, i.segment_id
UNION ALL  -- where the stages stand that never failed
SELECT stage, stage || ' failed', place, first, 0, 0, 0, n, 0, 0, 0, 0, 0
FROM places
WHERE NOT failed
ORDER BY stage, output, level, day, segment_id
