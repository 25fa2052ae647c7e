-- A list or object of OTLP values as plain JSON text, from the inside out and four levels deep; what is nested deeper stays as it was.
CREATE OR REPLACE TEMP MACRO nested_value(listed, keyed) AS (
    translate(
        plain_level(plain_level(plain_level(plain_level(
            regexp_replace(
                regexp_replace(
                    replace(
                        CASE WHEN listed IS NOT NULL THEN '{"arrayValue":' || json(listed) || '}' ELSE '{"kvlistValue":' || json(keyed) || '}' END,
                        '"value":{}', '"value":null'
                    ),
                    '\{"intValue":"?(-?\d+)"?\}', '\1', 'g'
                ),
                '\{"(?:string|double|bool|bytes)Value":("(?:[^"\\]|\\.)*"|[^{}"\[\]]*)\}', '\1', 'g'
            )
        )))),
        chr(1) || chr(2) || chr(3) || chr(4), '{}[]'
    )
)
