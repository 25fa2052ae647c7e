-- What was usual at first: by segment, in the first quarter of the window, where twenty requests say so.
INSERT INTO usual
WITH early AS (
    SELECT t.trace_id, t.segment_id
    FROM traces t
    WHERE t.start_at <= (SELECT min(start_at) + (max(start_at) - min(start_at)) / 4 FROM traces)
),
answers AS (
    SELECT e.segment_id, avg(f.output_json::INTEGER) FILTER (f.output_json IS NOT NULL) AS json
    FROM early e
    JOIN facts f USING (trace_id)
    GROUP BY e.segment_id
    HAVING count(f.output_json) >= 20
),
spoken AS (
    SELECT segment_id, arg_max(language, (n, language)) AS language
    FROM (
        SELECT e.segment_id, f.output_language AS language, count(*) AS n
        FROM early e
        JOIN facts f USING (trace_id)
        WHERE f.output_language IS NOT NULL
        GROUP BY ALL
    )
    GROUP BY segment_id
    HAVING sum(n) >= 20 AND max(n) >= 0.8 * sum(n)
),
found AS (
    SELECT e.segment_id, quantile_disc(d.documents, 0.5)::DOUBLE AS documents
    FROM early e
    JOIN facts_of_documents d USING (trace_id)
    GROUP BY e.segment_id
    HAVING count(*) >= 20
),
objects AS (
    SELECT e.segment_id, o.keys FROM early e JOIN facts_of_objects o USING (trace_id)
),
held AS (
    SELECT k.segment_id, list(k.key ORDER BY k.key) AS keys
    FROM (SELECT segment_id, key, count(*) AS n FROM (SELECT segment_id, unnest(keys) AS key FROM objects) GROUP BY ALL) k
    JOIN (SELECT segment_id, count(*) AS n FROM objects GROUP BY segment_id HAVING count(*) >= 20) o USING (segment_id)
    WHERE k.n >= 0.95 * o.n
    GROUP BY k.segment_id
)
SELECT segment_id, a.json, s.language, f.documents, h.keys
FROM answers a
FULL JOIN spoken s USING (segment_id)
FULL JOIN found f USING (segment_id)
FULL JOIN held h USING (segment_id)
