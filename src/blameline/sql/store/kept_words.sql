-- Words of records as they may be kept, each with the name that it stands under, '' where there is none.
SELECT list_transform(said, lambda value, i: CASE
    WHEN says_secret(to_json(names[i]), to_json(value)) THEN '[secret]'
    WHEN regexp_matches(names[i], getvariable('protection').secret_names) THEN '[redacted]'
    ELSE redacted(value)
END) AS words
FROM (SELECT $names::VARCHAR[] AS names, $said::VARCHAR[] AS said)
