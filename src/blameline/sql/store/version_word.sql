-- A version as a word: on one line, without the sign between several, and of a long text its beginning and a hash. NULL where it is empty.
CREATE OR REPLACE TEMP MACRO version_word(said) AS nullif(CASE
    WHEN length(said) > 80 THEN left(replace(regexp_replace(said, '\s+', ' ', 'g'), ' + ', ' & '), 40) || '… ' || left(md5(said), 8)
    ELSE trim(replace(regexp_replace(said, '\s+', ' ', 'g'), ' + ', ' & ')) END, '')
