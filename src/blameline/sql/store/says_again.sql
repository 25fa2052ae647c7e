-- Whether a text says one thing over and over: thirty characters, taken in the middle and at the end of it, that stand there four times or more.
CREATE OR REPLACE TEMP MACRO says_again(said) AS (
    list_bool_or(list_transform(
        [1, 2],
        lambda half: list_transform(
            [substr(said, length(said) * half // 2 - 29, 30)],
            lambda probe: length(trim(probe)) >= 15 AND strlen(said) - strlen(replace(said, probe, '')) >= 4 * strlen(probe)
        )[1]
    ))
)
