-- What of a number may be a card's: itself, and where it is groups of four figures, every four that follow each other. What stands between them is
-- what the pattern of cards let through, as it is or as JSON and URLs write it.
CREATE OR REPLACE TEMP MACRO fours_of(found) AS (
    list_prepend(found, list_transform(
        range(1, CASE WHEN regexp_matches(found, '^\d{4}\D') THEN len(groups_of(found)) - 2 ELSE 1 END),
        lambda i: right(groups_of(found)[i], 4) || array_to_string(groups_of(found)[i + 1:i + 3], '')
    ))
)
