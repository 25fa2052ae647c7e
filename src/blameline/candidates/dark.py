"""One change of a stamp that no record accounts for, and which of them are one: attributes and scores that moved together."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from blameline.candidates.bids import twins
from blameline.candidates.told import short

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blameline.candidates.bids import Seen
    from blameline.candidates.stamp import Stamp
    from blameline.candidates.stamps import Stamps
    from blameline.records import Agreement


@dataclass(frozen=True)
class Dark:
    """One change of a stamp that no record accounts for; times in microseconds since the window's start."""

    state: Agreement
    stamp: Stamp
    value: str
    observed: int
    without: int | None
    words: str
    previous: str | None = None
    also: tuple[str, ...] = ()
    back: bool = False
    """A version that had been in use before came back, or its share rose: no new version, and so no bid."""
    enough: int | None = None

    @property
    def moment(self) -> datetime:
        """When it was observed."""
        return self.stamp.moment(self.observed)


def merged(found: Sequence[Dark], seen: Sequence[Seen], stamps: Stamps) -> list[Dark]:
    """Attributes, or scores, that moved together are one change; the first stands for it."""
    close = timedelta(seconds=2 * stamps.window.width)
    by_name = {(one.key, one.value): one for one in seen}
    kept: list[Dark] = []
    for one in sorted(found, key=lambda one: (one.stamp.key, one.value, one.observed)):
        for place, first in enumerate(kept):
            if _alike(first, one, by_name, seen, stamps, close):
                name = one.stamp.score if one.stamp.key == first.stamp.key else one.stamp.attribute
                if name and name not in first.also:
                    kept[place] = replace(first, also=tuple(sorted((*first.also, name))))
                break
        else:
            kept.append(one)
    return kept


def _alike(
    first: Dark,
    one: Dark,
    by_name: Mapping[tuple[str, str], Seen],
    seen: Sequence[Seen],
    stamps: Stamps,
    close: timedelta,
) -> bool:
    if first.back != one.back or first.stamp.layer != one.stamp.layer or first.state != one.state:
        return False
    if first.stamp.key == one.stamp.key:
        return (
            first.stamp.score != one.stamp.score
            and first.value == one.value
            and abs(first.moment - one.moment) <= close
        )
    if first.back:
        return abs(first.moment - one.moment) <= close
    own = by_name.get((first.stamp.key, first.value))
    return own is not None and any(
        (twin.key, twin.value) == (one.stamp.key, one.value) for twin in twins(own, seen, stamps.window)
    )


def rare_together(found: Sequence[Dark]) -> list[Dark]:
    """Of one attribute the versions that cannot be told to be new are told together."""
    rare: dict[tuple[str, str], list[Dark]] = defaultdict(list)
    for one in found:
        if one.state == "cannot tell":
            rare[(one.stamp.key, one.stamp.score or "")].append(one)
    kept = []
    for one in found:
        group = rare[(one.stamp.key, one.stamp.score or "")] if one.state == "cannot tell" else [one]
        if one is not group[0]:
            continue
        if len(group) == 1:
            kept.append(one)
            continue
        words = (
            f"{len(group)} values of {one.stamp.attribute} came up for the first time, each so rarely or so early "
            f"that it need not be new; the first was '{short(min(group, key=lambda other: other.observed).value)}'"
        )
        kept.append(replace(one, words=words, enough=max(other.enough or 0 for other in group)))
    return kept
