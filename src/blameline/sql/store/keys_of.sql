-- The keys of a JSON object; NULL for anything else.
CREATE OR REPLACE TEMP MACRO keys_of(said) AS (
    CASE WHEN json_valid(said) THEN CASE WHEN json_type(said) = 'OBJECT' THEN list_sort(json_keys(said)) END END
)
