-- Whether a name and its value, both as JSON, are a secret together: a pattern that begins in the name ends in the value.
CREATE OR REPLACE TEMP MACRO says_secret(name, said) AS (
    NOT contains(regexp_replace(name || ':' || said, getvariable('protection').secrets, '[secret]', 'g'), '":"')
)
