-- Whether a text has one of these phrases, in any case, or what this pattern finds; NULL stands for no pattern.
CREATE OR REPLACE TEMP MACRO speaks_of(said, phrases, pattern) AS (
    coalesce(list_bool_or(list_transform(phrases, lambda phrase: contains(lower(said), lower(phrase)))), FALSE)
    OR coalesce(regexp_matches(said, pattern), FALSE)
)
