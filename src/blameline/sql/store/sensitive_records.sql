-- The places, from 0, of the records that need a closer look: something in them is sensitive, or a name says that its value is.
SELECT place
FROM (SELECT unnest($records::VARCHAR[]) AS record, generate_subscripts($records::VARCHAR[], 1) - 1 AS place)
WHERE regexp_matches(
    record || chr(10) || replace(record, '"', chr(10)),  -- as it is, and each text on a line of its own
    getvariable('protection').sensitive || '|' || getvariable('protection').secret_names
)
ORDER BY place
