-- Whether a text is a JSON object or list.
CREATE OR REPLACE TEMP MACRO is_json(said) AS (
    ltrim(left(said, 40), chr(32) || chr(9) || chr(10) || chr(13))[1] IN ('[', '{') AND json_valid(said)
)
