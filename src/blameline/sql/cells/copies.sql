-- Requests told twice: within five milliseconds of an equal one (conversation or question, tokens, length, spans) under another id; by bucket, and by signal.
WITH told AS (
    SELECT
        s.trace_id,
        min(s.start_ns) AS start_ns,
        count(*) AS spans,
        min(s.service) AS service,
        min(coalesce(said_of(s.names, s.said, 'gen_ai.conversation.id'), said_of(s.names, s.said, 'session.id'))) AS conversation,
        md5(min(coalesce(
            said_of(s.content_names, s.content_said, 'question'), said_of(s.content_names, s.content_said, 'gen_ai.input.messages'),
            said_of(s.content_names, s.content_said, 'input.value')
        ))) AS question,
        sum(s.input_tokens) AS input_tokens,
        sum(s.output_tokens) AS output_tokens,
        sum(s.output_chars) AS output_chars
    FROM span_rows s
    GROUP BY s.trace_id
),
ordered AS (
    SELECT
        trace_id,
        start_ns - lag(start_ns) OVER (
            PARTITION BY service, conversation, question, spans, input_tokens, output_tokens, output_chars ORDER BY start_ns, trace_id
        ) AS apart_ns
    FROM told
    WHERE coalesce(conversation, question) IS NOT NULL AND coalesce(output_tokens, output_chars) IS NOT NULL
),
copies AS (
    SELECT t.trace_id, (epoch_us(t.start_at) - epoch_us($since::TIMESTAMP)) // ($width::BIGINT * 1000000) AS bucket
    FROM ordered o
    JOIN traces t USING (trace_id)
    WHERE o.apart_ns <= 5000000 AND t.start_at >= $since AND t.start_at < $until
)
SELECT NULL::VARCHAR AS signal, bucket, count(*) AS n, 0.0 AS total FROM copies GROUP BY bucket
UNION ALL
SELECT m.signal, c.bucket, count(*) AS n, sum(CAST(round(m.value * 1e6) AS HUGEINT))::DOUBLE / 1e6 AS total
FROM copies c
JOIN measurements m USING (trace_id)
GROUP BY m.signal, c.bucket
ORDER BY signal NULLS FIRST, bucket
