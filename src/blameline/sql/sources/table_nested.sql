-- What a nested object holds, also under dotted names; what an object called attributes holds, under its own names.
UPDATE staging SET record = first_of_each(
    list_concat(map_keys(record), list_transform(inner_pairs, lambda pair: pair.k)),
    list_concat(map_values(record), list_transform(inner_pairs, lambda pair: pair.v))
)
FROM (
    SELECT
        line AS nested_line,
        flatten(list_transform(
            list_filter(map_entries(record), lambda e: e.value LIKE '{%' AND json_valid(e.value)),
            lambda outside: list_transform(
                map_entries(coalesce(try_cast(outside.value::JSON AS MAP(VARCHAR, VARCHAR)), MAP {})),
                lambda inside: {
                    k: CASE WHEN outside.key = 'attributes' THEN inside.key ELSE outside.key || '.' || inside.key END,
                    v: inside.value
                }
            )
        )) AS inner_pairs
    FROM staging
    WHERE len(list_filter(map_values(record), lambda value: value LIKE '{%')) > 0
)
WHERE line = nested_line
