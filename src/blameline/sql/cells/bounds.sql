-- First and last request, and how many there are.
SELECT min(start_at) AS first_at, max(start_at) AS last_at, count(*) AS traces FROM traces
