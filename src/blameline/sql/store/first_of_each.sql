-- A map of names and values where the first value of each name counts; quick where no name comes twice and no value is missing.
CREATE OR REPLACE TEMP MACRO first_of_each(names, said) AS (
    CASE
        WHEN len(list_distinct(names)) = len(names) AND list_count(said) = len(said) THEN map(names, said)
        WHEN list_count(names) = len(names) AND list_count(said) = len(said) THEN
            map_from_entries(list_filter(list_zip(names, said), lambda pair, i: list_position(names, pair[1]) = i))
        ELSE first_of_pairs(list_filter(list_zip(names, said), lambda pair: pair[1] IS NOT NULL AND pair[2] IS NOT NULL))
    END
)
