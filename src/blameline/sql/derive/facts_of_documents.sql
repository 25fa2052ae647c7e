-- One row a trace that looked for documents: how many, how well the best one fits, and which of them the same question had found before.
INSERT INTO facts_of_documents
WITH told AS (
    SELECT s.trace_id, said_of(s.names, s.said, 'gen_ai.retrieval.documents') AS documents
    FROM span_rows s
    ANTI JOIN retried r ON r.trace_id = s.trace_id AND r.span_id = s.span_id
    WHERE list_contains(s.names, 'gen_ai.retrieval.documents')
),
found AS (
    SELECT
        trace_id,
        json_array_length(documents) AS n,
        list_filter(list_transform(
            json_extract(documents, '$[*]'),
            lambda one: coalesce(one ->> '$.id', one ->> '$.document.id', one ->> '$.metadata.id')
        ), lambda id: id IS NOT NULL) AS ids,
        list_max(list_transform(
            json_extract(documents, '$[*]'),
            lambda one: try_cast(coalesce(one ->> '$.score', one ->> '$.document.score', one ->> '$.metadata.score') AS DOUBLE)
        )) AS best
    FROM told
    WHERE json_valid(documents) AND json_type(documents) = 'ARRAY'
),
each AS (
    SELECT trace_id, min(n)::INTEGER AS documents, max(best) FILTER (isfinite(best)) AS best_score, list_sort(list_distinct(flatten(list(ids)))) AS ids
    FROM found
    GROUP BY trace_id
),
again AS (
    SELECT e.trace_id, e.ids, lag(e.ids) OVER (PARTITION BY w.question ORDER BY t.start_at, e.trace_id) AS before
    FROM each e
    JOIN words w USING (trace_id)
    JOIN traces t USING (trace_id)
    WHERE len(e.ids) > 0 AND strlen(w.question) > 0
)
SELECT
    e.trace_id,
    e.documents,
    e.best_score,
    CASE WHEN a.before IS NOT NULL THEN len(list_intersect(a.ids, a.before)) / len(list_distinct(list_concat(a.ids, a.before))) END AS overlap
FROM each e
LEFT JOIN again a USING (trace_id)
