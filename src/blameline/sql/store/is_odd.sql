-- Whether the names of a row need a closer look: an older dialect, or one that is sensitive or says that its value is.
CREATE OR REPLACE TEMP MACRO is_odd(names, older) AS regexp_matches(
    array_to_string(names, chr(10)),
    older || coalesce('|' || getvariable('protection').sensitive || '|' || getvariable('protection').secret_names, '')
)
