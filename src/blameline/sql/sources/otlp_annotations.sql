-- Scores of OpenInference annotations and evaluations that a span carries about itself as numbered attributes.
INSERT INTO scores
WITH telling AS (  -- few spans, or none: only of these the values are read
    SELECT rowid AS place
    FROM span_rows
    WHERE file_id IN (SELECT unnest($file_ids::BIGINT[]))
        AND len(list_filter(names, lambda name: contains(name, 'ations.') AND regexp_matches(name, '(annotations|evaluations)\.\d+\.(annotation|evaluation)\.'))) > 0
),
marked AS (
    SELECT trace_id, span_id, file_id, list_zip(names, said) AS pairs
    FROM span_rows
    WHERE rowid IN (SELECT place FROM telling)
),
parts AS (
    SELECT
        file_id,
        trace_id,
        span_id,
        regexp_extract(pair[1], '^((?:trace\.)?(?:annotations|evaluations)\.\d+)\.(?:annotation|evaluation)\.(\w+)$', ['place', 'field']) AS found,
        pair[2] AS said
    FROM (SELECT file_id, trace_id, span_id, unnest(pairs) AS pair FROM marked)
),
scored AS (
    SELECT
        file_id,
        trace_id,
        span_id,
        max(said) FILTER (WHERE found.field = 'name') AS name,
        max(said) FILTER (WHERE found.field = 'label') AS label,
        max(said) FILTER (WHERE found.field = 'score') AS score,
        coalesce(max(said) FILTER (WHERE found.field = 'identifier'), max(said) FILTER (WHERE found.field = 'annotator_kind')) AS evaluator
    FROM parts
    WHERE found.place <> ''
    GROUP BY file_id, trace_id, span_id, found.place
),
valued AS (
    SELECT *, coalesce(score_value(score), score_value(label)) AS value, redacted_texts([name, label, evaluator]) AS words FROM scored
)
SELECT
    md5(to_json([trace_id, span_id, NULL, name, value::VARCHAR, label, evaluator, NULL])::VARCHAR) AS score_key,
    trace_id,
    span_id,
    NULL AS response_id,
    words[1] AS name,
    value,
    words[2] AS label,
    words[3] AS evaluator,
    NULL AS scored_at,
    MAP {} AS attributes,
    file_id,
    NULL AS line,
    NULL AS joined
FROM valued
WHERE name IS NOT NULL AND value IS NOT NULL
