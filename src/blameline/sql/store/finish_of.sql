-- Why a generation ended, in one vocabulary: stop, length, content_filter, refusal, tool_calls, error; a word of nobody's as it is.
CREATE OR REPLACE TEMP MACRO finish_of(reason) AS (
    coalesce(MAP {
        'end_turn': 'stop',
        'stop_sequence': 'stop',
        'completed': 'stop',
        'complete': 'stop',
        'eos': 'stop',
        'eos_token': 'stop',
        'max_tokens': 'length',
        'max_output_tokens': 'length',
        'model_length': 'length',
        'model_context_window_exceeded': 'length',
        'incomplete': 'length',
        'content-filter': 'content_filter',
        'content_filtered': 'content_filter',
        'safety': 'content_filter',
        'recitation': 'content_filter',
        'blocklist': 'content_filter',
        'prohibited_content': 'content_filter',
        'spii': 'content_filter',
        'guardrail_intervened': 'content_filter',
        'tool_use': 'tool_calls',
        'tool_call': 'tool_calls',
        'tool-calls': 'tool_calls',
        'function_call': 'tool_calls',
        'failed': 'error',
        'cancelled': 'error',
        'malformed_function_call': 'error'
    }[reason], nullif(reason, ''))
)
