-- The language of a text by its script; NULL for Latin.
CREATE OR REPLACE TEMP MACRO language_by_script(said) AS (
    CASE
        WHEN strlen(said) = length(said) THEN NULL
        WHEN regexp_matches(said, '[\p{Hiragana}\p{Katakana}]') THEN 'ja'
        WHEN regexp_matches(said, '\p{Hangul}') THEN 'ko'
        WHEN regexp_matches(said, '\p{Han}') THEN 'zh'
        WHEN regexp_matches(said, '[іїєґІЇЄҐ]') THEN 'uk'
        WHEN regexp_matches(said, '\p{Cyrillic}{3}') THEN 'ru'
        WHEN regexp_matches(said, '\p{Arabic}{2}') THEN 'ar'
        WHEN regexp_matches(said, '\p{Hebrew}{2}') THEN 'he'
        WHEN regexp_matches(said, '\p{Greek}{3}') THEN 'el'
        WHEN regexp_matches(said, '\p{Devanagari}{2}') THEN 'hi'
        WHEN regexp_matches(said, '\p{Thai}{2}') THEN 'th'
    END
)
