-- What a span did, in the words of the GenAI conventions, from the first that says it of seven vocabularies; LangSmith's own word comes
-- before the GenAI one that it sends along, which calls a prompt's template a chat, and a retriever embeddings.
CREATE OR REPLACE TEMP MACRO operation_of(names, said) AS (
    list_transform(
        [lower(coalesce(
            nullif(lower(said_of(names, said, 'langsmith.span.kind')), 'llm'),
            said_of(names, said, 'gen_ai.operation.name'), said_of(names, said, 'openinference.span.kind'),
            said_of(names, said, 'traceloop.span.kind'), said_of(names, said, 'llm.request.type'),
            said_of(names, said, 'langfuse.observation.type'), trim(said_of(names, said, 'mlflow.spanType'), '"'),
            said_of(names, said, 'ai.operationId'), said_of(names, said, 'langsmith.span.kind')
        ))],
        lambda operation: CASE operation
            WHEN 'llm' THEN 'chat'
            WHEN 'chat_model' THEN 'chat'
            WHEN 'generation' THEN 'chat'
            WHEN 'completion' THEN 'text_completion'
            WHEN 'chat.completions' THEN 'chat'
            WHEN 'chat.streaming_completions' THEN 'chat'
            WHEN 'text.completions' THEN 'text_completion'
            WHEN 'text.streaming_completions' THEN 'text_completion'
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
