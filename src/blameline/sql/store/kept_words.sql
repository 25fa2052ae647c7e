-- Words of records as they may be kept, each with the name that it stands under, '' where there is none, and whether it is an id.
SELECT list_transform(
    list_transform(said, lambda value, i: CASE
        WHEN says_secret(to_json(names[i]), to_json(value)) THEN '[secret]'
        WHEN regexp_matches(names[i], getvariable('protection').secret_names) THEN '[redacted]'
        ELSE redacted(value)
    END),
    lambda clean, i: CASE WHEN ids[i] THEN joining_id(said[i], clean) ELSE clean END
) AS words
FROM (SELECT $names::VARCHAR[] AS names, $said::VARCHAR[] AS said, $ids::BOOLEAN[] AS ids)
