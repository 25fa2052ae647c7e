-- A text after it was redacted; of one that was JSON the pieces, put together so that it is JSON again, whatever a pattern took of it.
CREATE OR REPLACE TEMP MACRO rejoined(said, marked, clean) AS (
    coalesce(
        list_filter(
            [array_to_string(list_transform(
                list_zip(string_split(marked, e'\n\x01\n'), string_split(clean, e'\n\x01\n')),
                lambda piece: CASE
                    WHEN piece[1] <> said THEN list_transform(
                        [regexp_extract(piece[1], '^"(?:[^"\\]|\\.)*"\s*:\s*')], lambda name: kept_piece(piece[1], piece[2], name)
                    )[1]
                    WHEN piece[2] = '[e-mail]' THEN '[e-mail ' || left(md5(said), 16) || ']'  -- two tenants that are addresses stay two
                    ELSE piece[2]
                END
            ), '')],
            lambda text: json_valid(text) OR NOT is_json(said)
        )[1],
        '"[redacted]"'
    )
)
