-- A time in words: ISO 8601, also without its separators or with the decimal comma of Python's logging, or RFC 2822. No zone means UTC.
CREATE OR REPLACE TEMP MACRO written_moment(said) AS coalesce(
    try_cast(said AS TIMESTAMPTZ),
    CASE
        WHEN regexp_matches(said, '^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d,\d') THEN try_cast(replace(said, ',', '.') AS TIMESTAMPTZ)
        WHEN regexp_matches(said, '^\d{8}T\d{6}') THEN try_strptime(
            said, ['%Y%m%dT%H%M%SZ', '%Y%m%dT%H%M%S.%fZ', '%Y%m%dT%H%M%S%z', '%Y%m%dT%H%M%S.%f%z', '%Y%m%dT%H%M%S', '%Y%m%dT%H%M%S.%f']
        )
        WHEN regexp_matches(said, '^([A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d') THEN try_strptime(
            said, ['%a, %d %b %Y %H:%M:%S %z', '%a, %d %b %Y %H:%M:%S GMT', '%d %b %Y %H:%M:%S %z', '%d %b %Y %H:%M:%S GMT']
        )
    END
)
