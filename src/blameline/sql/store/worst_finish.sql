-- Why a generation ended, by all reasons that it gives: of several answers the worst end, in the order of the view `generations` (content_filter,
-- refusal, error, length); where none is bad the first.
CREATE OR REPLACE TEMP MACRO worst_finish(reasons) AS (
    list_transform(
        [list_transform(string_split(reasons, ','), lambda reason: finish_of(plain_reason(reason)))],
        lambda ends: coalesce(
            list_filter(['content_filter', 'refusal', 'error', 'length'], lambda bad: list_contains(ends, bad))[1],
            list_filter(ends, lambda told: told IS NOT NULL)[1]
        )
    )[1]
)
