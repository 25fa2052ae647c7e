-- What each judge stands for: its evaluator, and what its scores say under the named attributes, by layer and attribute.
INSERT INTO rulers
WITH told AS (
    SELECT DISTINCT evaluator, list_transform($names::VARCHAR[], lambda name: version_word(attributes[name])) AS parts,
           ruler_of(evaluator, attributes, $names::VARCHAR[]) AS judge
    FROM scores
),
entries AS (
    SELECT judge, unnest(list_concat(['judge:gen_ai.evaluation.evaluator.version'], $keys::VARCHAR[])) AS key,
           unnest(list_concat([evaluator], parts)) AS value
    FROM told
    WHERE judge IS NOT NULL
)
SELECT judge, map_from_entries(list({'key': key, 'value': value} ORDER BY key))
FROM (SELECT judge, key, min(value) AS value FROM entries WHERE value IS NOT NULL GROUP BY judge, key)
GROUP BY judge
ORDER BY judge
