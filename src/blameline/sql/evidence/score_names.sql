-- The attributes whose names say that they are how well the best document fits.
SELECT DISTINCT unnest(list_filter(names, lambda name: regexp_full_match(lower(name), $pattern))) AS attribute FROM span_rows ORDER BY attribute
