-- A trace or span id in lower-case hex: as it is, or from base64, which some encoders write; NULL for none or all zeros.
CREATE OR REPLACE TEMP MACRO hex_id(said) AS (
    CASE
        WHEN said IS NULL OR said = '' OR regexp_full_match(said, '0+') THEN NULL
        WHEN (len(said) = 24 OR len(said) = 12) AND said LIKE '%=' THEN lower(hex(from_base64(said)))
        ELSE lower(said)
    END
)
