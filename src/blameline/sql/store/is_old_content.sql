-- The same for the dialects that number their messages, or give each part of one a name of its own.
CREATE OR REPLACE TEMP MACRO is_old_content(name) AS (
    is_content(name) OR regexp_matches(
        name,
        '^gen_ai\.(prompt|completion)\.\d+\.(content|tool_calls|refusal)|^gen_ai\.prompt\.variable\.'
        || '|^llm\.((input|output)_messages\.\d+\..*(content|arguments)|prompts|completions|choices\.|tools\.|prompt_template\.(template|variables)$)'
        || '|documents\.\d+\.document\.(content|metadata)|^embedding\.(text|embeddings)|^langsmith\.(inputs|outputs|events)'
    )
)
