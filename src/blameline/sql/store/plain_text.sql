-- An OTLP value as text: what it holds, lists and objects as JSON.
CREATE OR REPLACE TEMP MACRO plain_text(given) AS coalesce(
    given.stringValue, given.intValue, given.doubleValue::VARCHAR, given.boolValue,
    plain_value(given.arrayValue, given.kvlistValue), given.bytesValue
)
