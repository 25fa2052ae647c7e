-- The sum of the numbers in a JSON object whose keys contain a word, as text; a total and objects of details are no part of it. NULL where there are none.
CREATE OR REPLACE TEMP MACRO sum_of(said, word) AS (
    regexp_replace(list_sum(list_transform(
        map_entries(TRY_CAST(said AS JSON)::MAP(VARCHAR, VARCHAR)),
        lambda e: CASE WHEN contains(lower(e.key), word) AND NOT contains(lower(e.key), 'total') THEN try_cast(e.value AS DOUBLE) END
    ))::VARCHAR, '\.0$', '')
)
