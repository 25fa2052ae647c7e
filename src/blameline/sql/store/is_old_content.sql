-- The same for rows that are odd: older dialects, vendors' own names, and those that give each part of a message a name of its own.
CREATE OR REPLACE TEMP MACRO is_old_content(name) AS (
    is_content(name)
    OR name IN (
        'gen_ai.prompt', 'gen_ai.completion', 'traceloop.entity.input', 'traceloop.entity.output', 'ai.prompt', 'ai.prompt.messages',
        'ai.prompt.tools', 'ai.response.text', 'ai.response.object', 'ai.response.toolCalls', 'ai.toolCall.args',
        'ai.toolCall.result', 'langfuse.observation.input', 'langfuse.observation.output', 'langfuse.trace.input',
        'langfuse.trace.output', 'langfuse.experiment_item_expected_output', 'mlflow.spanInputs',
        'mlflow.spanOutputs', 'mlflow.request_preview', 'mlflow.response_preview', 'db.statement', 'db.query.text', 'user_input',
        'reference', 'expected_output', 'retrieved_contexts', 'gen_ai.evaluation.explanation', 'llm.prompt_template.variables', 'llm.function_call', 'tool.parameters', 'reranker.query', 'traceloop.prompt.template', 'ai.response.reasoning', 'ai.response.files', 'ai.value', 'ai.values', 'ai.schema', 'mlflow.chat.messages', 'mlflow.chat.tools', 'mlflow.traceInputs', 'mlflow.traceOutputs', 'text', 'contexts', 'documents', 'ground_truth', 'actual_output', 'comment', 'rationale', 'explanation', 'feedback_text'
    )
    OR regexp_matches(
        name,
        '^gen_ai\.(prompt|completion)\.\d+\.(content|tool_calls|refusal|reasoning)|^gen_ai\.prompt\.variable\.'
        || '|^llm\.((input|output)_messages\.\d+\..*(content|arguments)|prompts|completions|choices\.|tools\.|prompt_template\.(template|variables)$)'
        || '|documents\.\d+\.document\.(content|metadata)|^embedding\.(text|embeddings)|^langsmith\.(inputs|outputs|events)'
    )
)
