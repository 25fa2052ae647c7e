-- A map of pairs of name and value where the first of each name counts.
CREATE OR REPLACE TEMP MACRO first_of_pairs(pairs) AS (
    map_from_entries(list_filter(
        pairs, lambda pair, i: list_position(list_transform(pairs, lambda other: other[1]), pair[1]) = i
    ))
)
