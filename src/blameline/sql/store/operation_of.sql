-- What a span did, in the words of the GenAI conventions, from the first that says it of six vocabularies.
CREATE OR REPLACE TEMP MACRO operation_of(names, said) AS (
    list_transform(
        [lower(coalesce(
            said_of(names, said, 'gen_ai.operation.name'), said_of(names, said, 'openinference.span.kind'),
            said_of(names, said, 'traceloop.span.kind'), said_of(names, said, 'llm.request.type'),
            said_of(names, said, 'langfuse.observation.type'), trim(said_of(names, said, 'mlflow.spanType'), '"'),
            said_of(names, said, 'ai.operationId')
        ))],
        lambda operation: CASE operation
            WHEN 'llm' THEN 'chat'
            WHEN 'chat_model' THEN 'chat'
            WHEN 'generation' THEN 'chat'
            WHEN 'completion' THEN 'text_completion'
            WHEN 'retriever' THEN 'retrieval'
            WHEN 'tool' THEN 'execute_tool'
            WHEN 'agent' THEN 'invoke_agent'
            WHEN 'embedding' THEN 'embeddings'
            WHEN 'chain' THEN 'workflow'
            WHEN 'reranker' THEN 'rerank'
            WHEN 'evaluator' THEN 'evaluation'
            WHEN 'ai.generatetext' THEN 'chat'
            WHEN 'ai.generatetext.dogenerate' THEN 'chat'
            WHEN 'ai.streamtext' THEN 'chat'
            WHEN 'ai.streamtext.dostream' THEN 'chat'
            WHEN 'ai.generateobject' THEN 'chat'
            WHEN 'ai.generateobject.dogenerate' THEN 'chat'
            WHEN 'ai.streamobject' THEN 'chat'
            WHEN 'ai.streamobject.dostream' THEN 'chat'
            WHEN 'ai.embed' THEN 'embeddings'
            WHEN 'ai.embed.doembed' THEN 'embeddings'
            WHEN 'ai.embedmany' THEN 'embeddings'
            WHEN 'ai.embedmany.doembed' THEN 'embeddings'
            WHEN 'ai.toolcall' THEN 'execute_tool'
            WHEN 'unknown' THEN NULL
            WHEN 'span' THEN NULL
            ELSE operation
        END
    )[1]
)
