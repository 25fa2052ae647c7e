"""What the data does not hold: a loaded and derived store comes in, sentences with numbers go out, the worst first.

What was not loaded must never look like "no signal", so each gap says which questions have no answer because of it. Every
number is counted by a statement under ``sql/gaps``, on whole hours and groups; the same content gives the same gaps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from blameline.gaps.answers import answers
from blameline.gaps.falls import falls
from blameline.gaps.hours import hours
from blameline.gaps.promises import undelivered, unversioned
from blameline.gaps.sampling import rates, sampling
from blameline.gaps.scores import late, partial, unjoined
from blameline.gaps.series import series_of
from blameline.gaps.spans import clocks, copied, doubled, dropped, parents, unknown_ends
from blameline.gaps.tokens import tokens
from blameline.gaps.unscored import unscored
from blameline.records import Gap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blameline.gaps.wording import Weighed
    from blameline.store import Store

__all__ = ["find", "rates", "stored"]

MOST = 25
"""Gaps that are kept, the last one being the number of all others."""
MOST_OF_A_KIND = 5


def find(store: Store) -> tuple[Gap, ...]:
    """Find what is missing, and keep it in the store."""
    found = _ranked(_all(store))
    with store.transaction():
        store.run("gaps/clear")
        for place, gap in enumerate(found):
            bound = gap.model_dump(mode="python")
            for end in ("since", "until"):
                bound[end] = None if bound[end] is None else bound[end].replace(tzinfo=None)
            store.run("gaps/add", place=place, **bound)
    return found


def stored(store: Store) -> tuple[Gap, ...]:
    """What the last load found missing, the worst first."""
    return tuple(Gap.model_validate(row) for row in store.rows("gaps/stored"))


def _all(store: Store) -> list[Weighed]:
    traffic = series_of(store)
    if traffic is None:
        return undelivered(store)
    carried = {row["attribute"]: row["n"] for row in store.rows("gaps/carried")}
    links, ends = store.rows("gaps/links"), store.rows("gaps/ends")
    return [
        *undelivered(store),
        *hours(traffic),
        *falls(store, traffic, carried),
        *parents(links, traffic),
        *clocks(links, ends),
        *dropped(store, carried, ends),
        *unknown_ends(store, ends, traffic),
        *doubled(store),
        *copied(store, traffic),
        *answers(store),
        *sampling(store, carried, traffic),
        *tokens(store, carried),
        *unjoined(store),
        *partial(store, traffic),
        *late(store, traffic),
        *unscored(store, traffic),
        *unversioned(store, traffic),
    ]


def _ranked(found: Sequence[Weighed]) -> tuple[Gap, ...]:
    """The worst first, few of each kind, and the rest as a number."""
    told: list[Gap] = []
    of_kind: dict[str, int] = {}
    left = 0
    for one in sorted(found, key=lambda one: (-round(one.weight, 6), one.gap.kind, one.gap.source or "", one.gap.what)):
        of_kind[one.gap.kind] = of_kind.get(one.gap.kind, 0) + 1
        if of_kind[one.gap.kind] > MOST_OF_A_KIND or len(told) == MOST - 1:
            left += 1
        else:
            told.append(one.gap)
    if left:
        more = "1 gap more is" if left == 1 else f"{left:,} gaps more are"
        said = f"{more} of the kinds above and not listed."
        told.append(
            Gap(kind="more", what=said, n=left, unanswerable="What is said above of each kind holds for them too.")
        )
    return tuple(told)
