-- A map of names and values where the first value of each name counts; the common case, no name twice and no value missing, is quick.
CREATE OR REPLACE TEMP MACRO first_of_each(names, said) AS (
    CASE
        WHEN len(list_distinct(names)) = len(names) AND list_count(said) = len(said) THEN map(names, said)
        ELSE first_of_pairs(list_filter(list_zip(names, said), lambda pair: pair[1] IS NOT NULL AND pair[2] IS NOT NULL))
    END
)
