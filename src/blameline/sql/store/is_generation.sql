-- Whether a span is a call of a model that answers.
CREATE OR REPLACE TEMP MACRO is_generation(op) AS coalesce(op IN ('chat', 'text_completion', 'generate_content', 'fetch_response'), FALSE)
