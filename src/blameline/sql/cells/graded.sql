-- Of scores of these names: those that mostly judges, code or reviewers gave, where exports say who gave a score.
WITH told AS (
    SELECT
        name,
        upper(coalesce(
            attributes['langfuse.score.source'], attributes['langsmith.feedback_source.type'], attributes['annotator_kind'],
            attributes['source_type'], evaluator
        )) AS giver,
        coalesce(attributes['langsmith.feedback_source.type'] = 'app' OR attributes['source'] = 'APP', FALSE) AS reviewed  -- in LangSmith or Phoenix
    FROM scores
    WHERE name IN (SELECT unnest($names::VARCHAR[]))
)
SELECT name
FROM told
GROUP BY name
HAVING count(*) FILTER (reviewed OR giver IN ('EVAL', 'ANNOTATION', 'MODEL', 'AUTO_EVAL', 'LLM', 'CODE', 'LLM_JUDGE', 'AI_JUDGE')) > 0.5 * count(*)
ORDER BY name
