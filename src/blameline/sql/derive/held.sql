-- What there is beside the attributes of spans: documents that were found, words of questions and answers, and JSON among them.
SELECT
    coalesce(bool_or(documents), FALSE) AS documents, coalesce(bool_or(words), FALSE) AS words, coalesce(bool_or(words AND json), FALSE) AS objects,
    (SELECT count(*) FROM facts) AS traces
FROM (
    SELECT list_contains(names, 'gen_ai.retrieval.documents') AS documents, len(content_names) > 0 AS words, output_json AS json
    FROM span_rows
    UNION ALL
    SELECT FALSE, len(content_names) > 0, output_json FROM logs
)
