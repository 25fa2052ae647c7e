-- Requests of the blame benchmark, evenly over the days: which changes each had taken over, and whose it was; the same seed gives the same rows.
INSERT INTO traces
WITH drawn AS (
    SELECT
        i,
        TIMESTAMP '2026-03-02' + to_microseconds((hash(i, $seed, 'when') / 18446744073709551616 * $days * 86400e6)::BIGINT) AS start_at,
        hash(i, $seed, 'late') % 2 = 1 AS late,  -- half of the requests take each change over twelve hours later
        least(floor($segments * pow(hash(i, $seed, 'where') / 18446744073709551616, 1.5)), $segments - 1)::INTEGER AS segment_id
    FROM range($traces::BIGINT) AS r(i)
)
SELECT
    format('{:012x}', i), start_at,
    len(list_filter($moments::TIMESTAMP[], lambda moment: moment <= CASE WHEN late THEN start_at - INTERVAL 12 HOUR ELSE start_at END)),
    segment_id, TRUE
FROM drawn
ORDER BY start_at
