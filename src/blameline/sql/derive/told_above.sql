-- What calls do not tell, of which the generation above them, with no other call below it, does: the nearest that tells it counts.
INSERT INTO told_above
WITH RECURSIVE pairs AS (
    SELECT below.place, below.up
    FROM links below
    JOIN links above ON above.place = below.up
    WHERE below.generation AND above.generation AND above.place <> below.place
),
sole AS (SELECT up, min(place) AS place FROM pairs GROUP BY up HAVING count(*) = 1),
chains AS (
    SELECT place AS leaf, up, 1 AS height FROM sole WHERE place NOT IN (SELECT up FROM pairs)
    UNION ALL
    SELECT chains.leaf, sole.up, chains.height + 1 FROM chains JOIN sole ON sole.place = chains.up WHERE chains.height < 20  -- more are no stack of instrumentations
)
SELECT
    leaf.trace_id,
    leaf.span_id,
    arg_min(above.input_tokens, height),
    arg_min(above.output_tokens, height),
    arg_min(above.cost_usd, height),
    arg_min(above.finish, height)
FROM chains
JOIN span_rows leaf ON leaf.rowid = chains.leaf
JOIN span_rows above ON above.rowid = chains.up
WHERE leaf.input_tokens IS NULL OR leaf.output_tokens IS NULL OR leaf.cost_usd IS NULL OR leaf.finish IS NULL
GROUP BY ALL
