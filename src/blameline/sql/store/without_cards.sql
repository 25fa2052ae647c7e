-- A text without those numbers of another one that are card numbers by their length and their check digit (ISO/IEC 7812, Luhn).
CREATE OR REPLACE TEMP MACRO without_cards(clean, said) AS (
    list_reduce(
        list_prepend(clean, list_filter(
            list_distinct(regexp_extract_all(said, getvariable('protection').cards, 1)), lambda found: has_check_digit(regexp_replace(found, '\D', '', 'g'))
        )),
        lambda text, found: replace(text, found, '[card]')
    )
)
