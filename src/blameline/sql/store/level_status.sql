-- The status that an SDK tells as a level among the attributes, where the span itself has none.
CREATE OR REPLACE TEMP MACRO level_status(odd, names, said) AS (
    CASE WHEN odd AND upper(said_of(names, said, 'langfuse.observation.level')) = 'ERROR' THEN 'error' END
)
