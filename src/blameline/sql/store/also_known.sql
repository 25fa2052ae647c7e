-- The canonical names and values to add for the names that a row carries, the most trusted first: a list of {r, c, v}.
CREATE OR REPLACE TEMP MACRO also_known(names, said, aliases, failed) AS (
    list_filter(
        list_sort(list_concat(whole_answer(names, said), flatten(list_transform(
            list_intersect(names, map_keys(aliases)),
            lambda known: list_transform(aliases[known], lambda a: {
                r: a.r,
                c: a.c,
                v: CASE
                    WHEN a.f <> failed THEN NULL
                    WHEN a.p IS NULL OR (a.p = '$[0]' AND NOT json_valid(said[list_position(names, known)]))
                        THEN said[list_position(names, known)]
                    WHEN json_valid(said[list_position(names, known)])
                        THEN CASE
                            WHEN a.p[1] = '+' THEN sum_of(said[list_position(names, known)], a.p[2:])
                            ELSE json_extract_string(said[list_position(names, known)], a.p)
                        END
                END
            })
        )))),
        lambda a: a.v IS NOT NULL AND NOT list_contains(names, a.c)
    )
)
