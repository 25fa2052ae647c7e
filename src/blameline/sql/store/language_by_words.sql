-- The language in Latin script whose commonest words are the most in a text; NULL where fewer than two are.
CREATE OR REPLACE TEMP MACRO language_by_words(said) AS (
    list_filter(
        [list_max([
            {n: common_words(said, ' the ', ' and ', ' of ', ' to ', ' is ', ' you ', ' for ', ' that '), code: 'en'},
            {n: common_words(said, ' der ', ' die ', ' das ', ' und ', ' ist ', ' nicht ', ' sie ', ' mit '), code: 'de'},
            {n: common_words(said, ' le ', ' les ', ' des ', ' et ', ' est ', ' vous ', ' une ', ' pour '), code: 'fr'},
            {n: common_words(said, ' el ', ' los ', ' las ', ' y ', ' es ', ' su ', ' una ', ' para '), code: 'es'},
            {n: common_words(said, ' il ', ' che ', ' di ', ' è ', ' per ', ' non ', ' sono ', ' gli '), code: 'it'},
            {n: common_words(said, ' os ', ' as ', ' não ', ' uma ', ' para ', ' com ', ' você ', ' do '), code: 'pt'},
            {n: common_words(said, ' het ', ' een ', ' en ', ' niet ', ' voor ', ' met ', ' van ', ' uw '), code: 'nl'}
        ])],
        lambda best: best.n >= 2
    )[1].code
)
