-- What of a number may be a card's: itself, and where it is groups of four figures, every four that follow each other. What stands between them is
-- what the pattern of cards let through, as it is or as JSON and URLs write it.
CREATE OR REPLACE TEMP MACRO fours_of(found) AS (
    list_prepend(found, CASE WHEN regexp_matches(found, '^\d{4}\D') THEN list_transform([groups_of(found)], lambda groups: list_transform(
        range(1, len(groups) - 2), lambda i: right(groups[i], 4) || array_to_string(groups[i + 1:i + 3], '')
    ))[1] ELSE [] END)
)
