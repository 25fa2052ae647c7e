-- Whether an attribute holds what people and models wrote: a question, an answer, a document, what a tool was asked and said.
CREATE OR REPLACE TEMP MACRO is_content(name) AS (
    name IN (
        'gen_ai.input.messages', 'gen_ai.output.messages', 'gen_ai.system_instructions', 'gen_ai.tool.definitions',
        'gen_ai.tool.call.arguments', 'gen_ai.tool.call.result', 'gen_ai.retrieval.query.text', 'gen_ai.prompt',
        'gen_ai.completion', 'input.value', 'output.value', 'input', 'output', 'otel.events', 'traceloop.entity.input',
        'traceloop.entity.output', 'ai.prompt', 'ai.prompt.messages', 'ai.prompt.tools', 'ai.response.text', 'ai.response.object',
        'ai.response.toolCalls', 'ai.toolCall.args', 'ai.toolCall.result', 'langfuse.observation.input',
        'langfuse.observation.output', 'langfuse.trace.input', 'langfuse.trace.output', 'mlflow.spanInputs',
        'mlflow.spanOutputs', 'mlflow.request_preview', 'mlflow.response_preview', 'exception.stacktrace', 'db.statement',
        'db.query.text', 'question', 'answer', 'completion', 'messages', 'user_input', 'reference', 'expected_output',
        'retrieved_contexts', 'langsmith.inputs', 'langsmith.outputs', 'langsmith.events', 'embedding.text'
    )
)
