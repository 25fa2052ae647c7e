-- A JSON text with a mark around its pieces: each name with the text or number that follows it, or with the list of texts, the value or the pair of
-- name and value that it leads; each other text and number. No pattern reaches over a mark: it begins and ends with the end of a line, and
-- stands behind quotes, digits and brackets only.
CREATE OR REPLACE TEMP MACRO json_marked(said) AS (
    CASE
        WHEN is_json(said) THEN regexp_replace(
            said,
            '"(?:[^"\\]|\\.)*"\s*:\s*(?:"(?:[^"\\]|\\.)*"\s*,\s*"value"\s*:\s*(?:"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*|\{[^{}]*\})|\{\s*"value"\s*:\s*(?:"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*)\s*\}|\[\s*"(?:[^"\\]|\\.)*"(?:\s*,\s*"(?:[^"\\]|\\.)*")*\s*\])'
            || '|"(?:[^"\\]|\\.)*"(?:\s*:\s*(?:"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*))?|-?[0-9][0-9.eE+-]*',
            e'\n\x01\n\\0\n\x01\n',
            'g'
        )
        ELSE said
    END
)
