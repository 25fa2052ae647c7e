-- Whether an attribute holds what people and models wrote: a question, an answer, a document, what a tool was asked and said.
CREATE OR REPLACE TEMP MACRO is_content(name) AS (
    name IN (
        'gen_ai.input.messages', 'gen_ai.output.messages', 'gen_ai.system_instructions', 'gen_ai.tool.definitions',
        'gen_ai.tool.call.arguments', 'gen_ai.tool.call.result', 'gen_ai.retrieval.query.text', 'otel.events', 'input.value',
        'output.value', 'input', 'output', 'question', 'answer', 'completion', 'messages', 'exception.stacktrace',
        'exception.message', 'otel.status_description', 'status.message', 'error.message',
        'langfuse.status_message', 'langfuse.tool_calls'
    )
)
