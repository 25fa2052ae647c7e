-- First and last moment of the spans, and how many traces they make.
SELECT min(start_at) AS first_at, max(start_at) AS last_at, count(DISTINCT trace_id) AS traces FROM span_rows
