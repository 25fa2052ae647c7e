-- A trace or span id in lower-case hex: as it is, or from base64, which some encoders write; NULL for none or all zeros.
CREATE OR REPLACE TEMP MACRO hex_id(said) AS (
    CASE
        WHEN said IS NULL OR said = '' THEN NULL
        WHEN said[1] = '0' AND regexp_full_match(said, '(?:0[xX])?0*') THEN NULL
        WHEN said[-1] = '=' AND (len(said) = 24 OR len(said) = 12) AND regexp_full_match(said, '[A-Za-z0-9+/]+={1,2}') THEN lower(hex(from_base64(said)))
        WHEN said[2] IN ('x', 'X') AND said[1] = '0' THEN lower(said[3:])
        ELSE lower(said)
    END
)
