-- The documents that a retriever found, without what they say: their ids and scores.
CREATE OR REPLACE TEMP MACRO documents_seen(documents) AS (
    CASE WHEN json_valid(documents) THEN
        to_json(list_transform(
            json_extract(documents, '$[*]'),
            lambda one: {
                id: coalesce(one ->> '$.id', one ->> '$.document.id', one ->> '$.metadata.id'),
                score: coalesce(one -> '$.score', one -> '$.document.score', one -> '$.metadata.score')
            }
        ))::VARCHAR
    END
)
