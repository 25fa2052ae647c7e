-- Whether two questions are nearly the same: equal, or with seven in ten of all words of their beginning in common (Jaccard), where they have three or more.
-- Numbers tell two questions apart (an order, an item): neither may name one that the other lacks while the other does so too.
CREATE OR REPLACE TEMP MACRO is_alike(one, other) AS (
    one = other OR list_transform(
        [{
            a: list_distinct(string_split(left(one, 120), ' ')), b: list_distinct(string_split(left(other, 120), ' ')),
            m: regexp_extract_all(one, '\d+'), n: regexp_extract_all(other, '\d+')
        }],
        lambda w: least(len(w.a), len(w.b)) >= 3 AND len(list_intersect(w.a, w.b)) >= 0.7 * len(list_distinct(list_concat(w.a, w.b)))
            AND (list_has_all(w.m, w.n) OR list_has_all(w.n, w.m))
    )[1]
)
