-- Why a generation ended, in one vocabulary: stop, length, content_filter, refusal, tool_calls, error; a word of nobody's as it is.
CREATE OR REPLACE TEMP MACRO finish_of(reason) AS (
    CASE reason
        WHEN 'end_turn' THEN 'stop'
        WHEN 'stop_sequence' THEN 'stop'
        WHEN 'completed' THEN 'stop'
        WHEN 'complete' THEN 'stop'
        WHEN 'eos' THEN 'stop'
        WHEN 'eos_token' THEN 'stop'
        WHEN 'max_tokens' THEN 'length'
        WHEN 'max_output_tokens' THEN 'length'
        WHEN 'model_length' THEN 'length'
        WHEN 'model_context_window_exceeded' THEN 'length'
        WHEN 'incomplete' THEN 'length'
        WHEN 'content-filter' THEN 'content_filter'
        WHEN 'content_filtered' THEN 'content_filter'
        WHEN 'safety' THEN 'content_filter'
        WHEN 'recitation' THEN 'content_filter'
        WHEN 'blocklist' THEN 'content_filter'
        WHEN 'prohibited_content' THEN 'content_filter'
        WHEN 'spii' THEN 'content_filter'
        WHEN 'guardrail_intervened' THEN 'content_filter'
        WHEN 'tool_use' THEN 'tool_calls'
        WHEN 'tool_call' THEN 'tool_calls'
        WHEN 'tool-calls' THEN 'tool_calls'
        WHEN 'function_call' THEN 'tool_calls'
        WHEN 'failed' THEN 'error'
        WHEN 'cancelled' THEN 'error'
        WHEN 'malformed_function_call' THEN 'error'
        ELSE nullif(reason, '')
    END
)
