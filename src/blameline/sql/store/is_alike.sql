-- Whether two questions are nearly the same: equal, or with seven in ten of all words of their beginning in common (Jaccard), where they have three or more.
CREATE OR REPLACE TEMP MACRO is_alike(one, other) AS (
    one = other OR list_transform(
        [{a: list_distinct(string_split(left(one, 120), ' ')), b: list_distinct(string_split(left(other, 120), ' '))}],
        lambda w: least(len(w.a), len(w.b)) >= 3 AND len(list_intersect(w.a, w.b)) >= 0.7 * len(list_distinct(list_concat(w.a, w.b)))
    )[1]
)
