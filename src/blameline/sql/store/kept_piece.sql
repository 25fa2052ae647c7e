-- What redacting left of a piece of JSON, so that the whole stays JSON: of a name that says that its value is secret the name stays.
CREATE OR REPLACE TEMP MACRO kept_piece(piece, clean, name) AS (
    CASE
        WHEN clean = piece THEN piece
        WHEN name = '' AND piece[1] = '"' THEN CASE WHEN json_valid(clean) THEN clean ELSE '"[redacted]"' END
        WHEN name = '' THEN to_json(clean)::VARCHAR  -- a number
        WHEN json_valid('{' || clean || '}') THEN clean
        WHEN starts_with(clean, name) THEN name || CASE
            WHEN contains(clean, '[secret]') THEN '"[secret]"'
            WHEN piece[-1] = '"' THEN '"[redacted]"'
            ELSE to_json(clean[len(name) + 1:])::VARCHAR
        END
        WHEN regexp_full_match(clean, '"[\w .-]*\[secret\]"?') AND regexp_matches(name, '^"[\w .-]*"') THEN name || '"[secret]"'
        ELSE '"[secret]":"[secret]"'
    END
)
