-- A JSON text with a mark around its pieces: each name with the text or number that follows it, each other text and number. No pattern
-- reaches over a mark: it begins and ends with the end of a line, and stands behind quotes and digits only.
CREATE OR REPLACE TEMP MACRO json_marked(said) AS (
    CASE
        WHEN is_json(said) THEN regexp_replace(
            said, '"(?:[^"\\]|\\.)*"(?:\s*:\s*(?:"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*))?|-?[0-9][0-9.eE+-]*', e'\n\x01\n\\0\n\x01\n', 'g'
        )
        ELSE said
    END
)
