-- One row a trace of a conversation: whether its question was asked again, whether it was the end, and what the task had cost then.
INSERT INTO facts_of_talks
WITH placed AS (
    SELECT
        f.trace_id,
        t.start_at,
        w.question,
        lead(w.question) OVER talk AS next_question,
        lead(t.start_at) OVER talk AS next_at,
        f.answered,
        sum(f.cost_usd) OVER (PARTITION BY f.talk ORDER BY t.start_at, f.trace_id ROWS UNBOUNDED PRECEDING) AS cost,
        max(t.start_at) OVER () AS last_at
    FROM facts f
    JOIN traces t USING (trace_id)
    LEFT JOIN words w USING (trace_id)
    WHERE f.talk IS NOT NULL
    WINDOW talk AS (PARTITION BY f.talk ORDER BY t.start_at, f.trace_id)
),
seen AS (
    SELECT
        *,
        next_at <= start_at + INTERVAL 30 MINUTE AS soon,
        next_at IS NULL AND start_at <= last_at - INTERVAL 30 MINUTE AS over
    FROM placed
),
pairs AS MATERIALIZED (  -- what has not even its letters in common is not compared word by word
    SELECT trace_id, question, next_question
    FROM seen
    WHERE soon AND (question = next_question OR jaro_similarity(left(question, 120), left(next_question, 120)) >= 0.85)
),
alike AS (SELECT trace_id FROM pairs WHERE is_alike(question, next_question))
SELECT
    s.trace_id,
    CASE
        WHEN question IS NULL THEN NULL
        WHEN soon THEN CASE WHEN next_question IS NOT NULL THEN a.trace_id IS NOT NULL END
        WHEN over OR next_at IS NOT NULL THEN FALSE
    END AS asked_again,
    CASE WHEN over THEN NOT answered END AS unanswered,
    CASE WHEN over AND answered THEN cost END AS task_cost_usd
FROM seen s
LEFT JOIN alike a USING (trace_id)
