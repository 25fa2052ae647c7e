-- Whether a number of 13 to 19 digits ends in its check digit (ISO/IEC 7812, Luhn).
CREATE OR REPLACE TEMP MACRO has_check_digit(digits) AS (
    length(digits) BETWEEN 13 AND 19
    AND list_sum(list_transform(
        string_split(reverse(digits), ''),
        lambda digit, i: CASE
            WHEN i % 2 = 1 THEN digit::INTEGER
            WHEN digit::INTEGER > 4 THEN 2 * digit::INTEGER - 9
            ELSE 2 * digit::INTEGER
        END
    )) % 10 = 0
)
