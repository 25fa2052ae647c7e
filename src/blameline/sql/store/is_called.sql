-- Whether a recorded answer calls tools.
CREATE OR REPLACE TEMP MACRO is_called(said) AS regexp_matches(
    said,
    '"(?:tool_calls|function_call)"\s*:\s*(?:\[\s*)?\{|"type"\s*:\s*"(?:\w*tool[_-](?:call|use)|\w+_call)"|"toolCallId"\s*:'
)
