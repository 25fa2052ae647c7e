-- A text without those numbers of another one that are card numbers by how they begin, their length and their check digit (ISO/IEC 7812, Luhn).
-- The texts are named once, in a list of one: a statement is planned with all that made them wherever they are named.
CREATE OR REPLACE TEMP MACRO without_cards(clean, said) AS (
    list_transform([{clean: clean, said: said}], lambda whole: list_reduce(
        list_prepend(whole.clean, list_filter(
            flatten(list_transform(regexp_extract_all(whole.said, getvariable('protection').cards, 1), lambda found: fours_of(found))),
            lambda found: regexp_matches(found, '^(?:[346]|5[0-8]|2[2-7])')
                AND has_check_digit(regexp_replace(found, '%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\D', '', 'g'))
        )),
        lambda text, found: replace(text, found, '[card]')
    ))[1]
)
