-- Whether a text is a regular expression that DuckDB reads (RE2); it is an error if not.
SELECT regexp_matches('', $pattern)
