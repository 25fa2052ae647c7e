-- What a span did, in the words of the GenAI conventions, from the first that says it of four vocabularies.
CREATE OR REPLACE TEMP MACRO said_operation(operation, openinference, traceloop, request) AS (
    CASE coalesce(lower(operation), lower(openinference), lower(traceloop), lower(request))
        WHEN 'llm' THEN 'chat'
        WHEN 'completion' THEN 'text_completion'
        WHEN 'retriever' THEN 'retrieval'
        WHEN 'tool' THEN 'execute_tool'
        WHEN 'agent' THEN 'invoke_agent'
        WHEN 'embedding' THEN 'embeddings'
        WHEN 'chain' THEN 'workflow'
        WHEN 'reranker' THEN 'rerank'
        WHEN 'evaluator' THEN 'evaluation'
        WHEN 'unknown' THEN NULL
        ELSE coalesce(lower(operation), lower(openinference), lower(traceloop), lower(request))
    END
)
