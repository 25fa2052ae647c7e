-- The language of a text as a two-letter code, by its commonest words in Latin script and else by its script; NULL where neither tells.
CREATE OR REPLACE TEMP MACRO language_of(said, opening) AS (
    CASE
        WHEN common_words(opening, ' the ', ' and ', ' of ', ' to ', ' is ', ' you ') >= 2 THEN 'en'
        WHEN said IS NOT NULL THEN coalesce(language_by_script(opening), language_by_words(opening))
    END
)
