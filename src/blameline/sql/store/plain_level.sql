-- One level of nested OTLP values, as JSON text: lists, then pairs, then objects, whose brackets wait as control characters.
CREATE OR REPLACE TEMP MACRO plain_level(said) AS (
    regexp_replace(
        regexp_replace(
            regexp_replace(
                said,
                '\{"arrayValue":\{(?:"values":\[((?:"(?:[^"\\]|\\.)*"|[^{}\[\]"])*)\])?\}\}', chr(3) || '\1' || chr(4), 'g'
            ),
            '\{"key":("(?:[^"\\]|\\.)*"),"value":((?:"(?:[^"\\]|\\.)*"|[^{}"])*)\}', '\1:\2', 'g'
        ),
        '\{"kvlistValue":\{(?:"values":\[((?:"(?:[^"\\]|\\.)*"|[^{}\[\]"])*)\])?\}\}', chr(1) || '\1' || chr(2), 'g'
    )
)
