-- What there is beside the attributes of spans: documents that were found, and words of questions and answers.
SELECT
    coalesce(bool_or(list_contains(names, 'gen_ai.retrieval.documents')), FALSE) AS documents,
    coalesce(bool_or(len(content_names) > 0), FALSE) OR (SELECT coalesce(bool_or(len(content_names) > 0), FALSE) FROM logs) AS words
FROM span_rows
