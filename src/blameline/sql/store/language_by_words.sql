-- The language in Latin script whose commonest words are the most in a text; NULL where fewer than two are.
CREATE OR REPLACE TEMP MACRO language_by_words(said) AS (
    list_transform(
        [[
            common_words(said, ' the ', ' and ', ' of ', ' to ', ' is ', ' you '),
            common_words(said, ' der ', ' die ', ' und ', ' ist ', ' nicht ', ' sie '),
            common_words(said, ' le ', ' les ', ' et ', ' est ', ' vous ', ' une '),
            common_words(said, ' el ', ' los ', ' y ', ' es ', ' su ', ' una '),
            common_words(said, ' il ', ' che ', ' di ', ' è ', ' non ', ' sono '),
            common_words(said, ' os ', ' não ', ' uma ', ' com ', ' você ', ' do '),
            common_words(said, ' het ', ' een ', ' niet ', ' voor ', ' met ', ' van ')
        ]],
        lambda counts: CASE
            WHEN list_max(counts) >= 2 THEN ['en', 'de', 'fr', 'es', 'it', 'pt', 'nl'][list_position(counts, list_max(counts))]
        END
    )[1]
)
