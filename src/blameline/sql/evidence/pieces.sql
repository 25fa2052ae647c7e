-- One signal by piece of time (an hour, cut at the moments that are asked about), layer versions, segment and ruler: requests and sum.
WITH unit AS (
    SELECT pow(10, 8 - ceil(log10(greatest(max(abs(value)), 1e-200)))) AS per_unit FROM measurements WHERE signal = $signal
),
cut AS (
    SELECT date_trunc('hour', moment) AS hour, list(moment) AS moments
    FROM (SELECT DISTINCT unnest($moments::TIMESTAMP[]) AS moment)
    GROUP BY hour
),
numbered AS (SELECT judge, row_number() OVER (ORDER BY judge) AS ruler FROM rulers),
told AS (
    SELECT
        coalesce(list_max(list_filter(c.moments, lambda moment: moment <= t.start_at)), date_trunc('hour', t.start_at)) AS begun,
        t.version_id, t.segment_id, m.judge, m.value
    FROM measurements m
    JOIN traces t USING (trace_id)
    LEFT JOIN cut c ON c.hour = date_trunc('hour', t.start_at)
    WHERE m.signal = $signal AND t.start_at >= $since AND t.start_at < $until
)
SELECT o.begun, o.version_id, o.segment_id, coalesce(r.ruler, 0) AS ruler, count(*) AS n,
       sum(CAST(round(o.value * u.per_unit) AS HUGEINT))::DOUBLE / u.per_unit AS total
FROM told o
LEFT JOIN numbered r ON r.judge = o.judge
CROSS JOIN unit u
GROUP BY o.begun, o.version_id, o.segment_id, r.ruler, u.per_unit
ORDER BY o.begun, o.version_id, o.segment_id, r.ruler NULLS FIRST
