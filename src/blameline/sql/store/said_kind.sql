-- The kind of a span as a word, from its number or its name in the protocol.
CREATE OR REPLACE TEMP MACRO said_kind(kind) AS (
    CASE kind
        WHEN '1' THEN 'internal'
        WHEN '2' THEN 'server'
        WHEN '3' THEN 'client'
        WHEN '4' THEN 'producer'
        WHEN '5' THEN 'consumer'
        WHEN '0' THEN NULL
        ELSE nullif(lower(regexp_replace(kind, '^(?:SPAN_KIND_|SpanKind\.)', '')), 'unspecified')
    END
)
