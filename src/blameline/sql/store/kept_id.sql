-- A vendor's id as it may be kept, by what redacting left of it: also what is a secret or a card number becomes a number.
CREATE OR REPLACE TEMP MACRO kept_id(said, clean) AS (
    CASE
        WHEN contains(said, '@') OR len(said) IN (16, 32) THEN plain_id(said)  -- as OpenTelemetry has them, nearly always
        WHEN clean <> said THEN 'id-' || left(md5(said), 16)
        ELSE said
    END
)
