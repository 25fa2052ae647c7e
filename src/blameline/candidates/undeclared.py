"""What the traces show and nobody wrote down: new versions, versions that went back, and attributes that are no version.

It is complete over every stamped layer, where the bids are the likely ones alone: a version that is too rare or came too
early to bid is here with the reason. A judge is looked at for each score by itself.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from blameline.candidates.arrivals import Arrival, arrival, lasting_arrival
from blameline.candidates.bids import EARLY, run_in, twins
from blameline.candidates.shares import risen_for_good
from blameline.candidates.told import count, lasting, minute, share, short

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from blameline.candidates.bids import Seen
    from blameline.candidates.stamps import Flags, Stamp, Stamps
    from blameline.records import Agreement

FEWEST_TO_BID = 20
"""Requests from which on a version bids for a shift."""
EARLY_CHANCE = 1e-5
"""Below this a version of the first hours is told, and what would tell whether it was new."""
AFTER = 200
"""Requests after a version went away that say what took its place."""


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


def dark_changes(
    stamps: Stamps,
    seen: Sequence[Seen],
    explained: Mapping[tuple[str, str], Sequence[datetime]],
    known: Sequence[tuple[str, datetime]],
) -> tuple[Dark, ...]:
    """Every undeclared change; ``explained`` has the declared versions and when each came, ``known`` their layers and times."""
    found: list[Dark] = []
    covered = set(explained)
    for one in seen:
        if (one.key, one.value) in explained:
            covered |= {(twin.key, twin.value) for twin in twins(one, seen, stamps.window)}
    for key in dict.fromkeys(one.key for one in seen):
        for stamp in stamps.of(key):
            if stamp.score is None:
                found += _new(stamp, stamps, [value for value in stamp.values if (key, value) not in covered])
            else:
                found += [
                    one
                    for one in _new(stamp, stamps, list(stamp.values))
                    if not any(abs(one.moment - at) <= EARLY for at in explained.get((key, one.value), ()))
                ]
            found += [one for one in _back(stamp, stamps) if not _accounted(one, known, found)]
            found += [one for one in _risen(stamp, stamps) if not _accounted(one, known, found, any_of=True)]
    return tuple(_rare_together(_merged(found, seen, stamps)))


def _accounted(
    one: Dark, known: Iterable[tuple[str, datetime]], found: Iterable[Dark], *, any_of: bool = False
) -> bool:
    """Whether something of the layer, declared or found new, came when it went back; ``any_of``: or went back itself."""
    times = [at for layer, at in known if layer == one.stamp.layer]
    times += [
        other.moment
        for other in found
        if other.stamp.layer == one.stamp.layer and (any_of or not other.back) and other.state == "undeclared"
    ]
    return any(abs(one.moment - at) <= EARLY for at in times)


def _new(stamp: Stamp, stamps: Stamps, values: Sequence[str]) -> list[Dark]:
    begin = stamp.count(stamps.window.since + run_in(stamps.window))
    found = []
    for value in values:
        carries = stamp.carries(value)
        one, before = arrival(stamp, carries), 0
        if one.first > begin:
            one, before = lasting_arrival(stamp, carries)
        if one.first > begin or one.chance < EARLY_CHANCE:
            found.append(_told(stamp, value, carries, one, before, early=one.first <= begin))
    return found


def _told(stamp: Stamp, value: str, carries: Flags, one: Arrival, before: int, *, early: bool) -> Dark:
    """One version that first appears within the window, and what can be said of it."""
    noun = "score" if stamp.score else "request"
    since = int((stamp.began >= one.first).sum())
    n = int((carries & (stamp.began >= one.first)).sum())
    at = minute(stamp.moment(one.first))
    name = f"{stamp.attribute} = '{short(value)}'"
    state: Agreement = "undeclared"
    need = None
    if early:
        state, need = "cannot tell", max(one.enough, _in_a_day(stamp))
        words = (
            f"{name} was first seen {at}, {lasting(one.first / 1e6)} after the traces begin: it may have been in use before, "
            f"at another time of the day; {count(need, noun)} from the day before would tell"
        )
    elif not one.new:
        state, need = "cannot tell", one.enough
        words = (
            f"{name} was first seen {at} and is on {n:,} of {count(since, noun)} since: so rare that it need not be new; "
            f"{count(need, noun)} without it before would tell, and there are {one.before:,}"
        )
    else:
        words = f"{name} appeared {at}, after {count(one.before - before, noun)} without it"
        words += f" (and {before:,} that tried it)" if before else ""
        words += ", and is declared nowhere"
        words += f"; {n:,} of {count(since, noun)} since carry it"
        words += f", too few for it to bid ({FEWEST_TO_BID} are needed)" if n < FEWEST_TO_BID else ""
    return Dark(state, stamp, value, one.first, one.without, words, _before(stamp, value, one.first), enough=need)


def _in_a_day(stamp: Stamp) -> int:
    return int(np.ceil(len(stamp.began) / max((stamp.until - stamp.since) / timedelta(days=1), 1.0)))


def _before(stamp: Stamp, value: str, first: int) -> str | None:
    """The value that most of the last requests before it carried."""
    earlier = stamp.where(stamp.began < first)
    recent = earlier.where(np.arange(len(earlier.began)) >= len(earlier.began) - AFTER)
    return _usual(recent, value)


def _usual(stamp: Stamp, but: str) -> str | None:
    counts = {value: int(stamp.carries(value).sum()) for value in stamp.values if value != but}
    most = max(counts, key=lambda value: (counts[value], value), default=None)
    return most if most is not None and counts[most] else None


def _back(stamp: Stamp, stamps: Stamps) -> list[Dark]:
    """Versions that went away, with an older one in their place."""
    if len(stamp.values) < 2:
        return []
    margin, end = run_in(stamps.window), stamps.window.until
    turned = replace(stamp, began=-stamp.began[::-1], combination=stamp.combination[::-1], place=stamp.place[::-1])
    found = []
    for value in stamp.values:
        carries = stamp.carries(value)
        gone = arrival(turned, carries[::-1])
        last = -gone.first
        if not gone.new or carries.sum() < FEWEST_TO_BID or stamp.moment(last) > end - margin:
            continue
        after = stamp.where(stamp.began > last)
        took = _usual(after.where(np.arange(len(after.began)) < AFTER), value)
        if took is None or not _older(stamp, took, value):
            continue
        first = int(after.began[0])
        came = arrival(stamp, carries)
        n, m = int(carries.sum()), int((stamp.began >= came.first).sum() - (stamp.began > last).sum())
        noun = "score" if stamp.score else "request"
        words = (
            f"{stamp.attribute} went back from '{short(value)}' to '{short(took)}' about {minute(stamp.moment(first))}, "
            f"which is declared nowhere; '{short(value)}' was on {share(n / max(m, 1))} of {count(m, noun)} until then, "
            f"and on none of {len(after.began):,} since"
        )
        found.append(Dark("undeclared", stamp, took, first, last, words, previous=value, back=True))
    return found


def _risen(stamp: Stamp, stamps: Stamps) -> list[Dark]:
    """Versions in use from the beginning whose share rose for good."""
    if len(stamp.values) < 2:
        return []
    begin = stamp.count(stamps.window.since + run_in(stamps.window))
    found = []
    for value in stamp.values:
        carries = stamp.carries(value)
        if stamp.began[carries][0] > begin:
            continue
        rose = risen_for_good(stamp, carries)
        if rose is None:
            continue
        words = (
            f"the share of {stamp.attribute} = '{short(value)}' rose from {share(rose.before)} of {rose.n_before:,} to "
            f"{share(rose.after)} of {rose.n_after:,} about {minute(stamp.moment(rose.at))}, with no version new beside it, "
            "and that is declared nowhere"
        )
        earlier = stamp.began[stamp.began < rose.at]
        found.append(Dark("undeclared", stamp, value, rose.at, int(earlier[-1]), words, back=True))
    return found


def _older(stamp: Stamp, one: str, other: str) -> bool:
    """Whether one value was in use before the other came, or from the beginning."""
    came, against = arrival(stamp, stamp.carries(one)), arrival(stamp, stamp.carries(other))
    return came.first <= against.first or not came.new


def _merged(found: Sequence[Dark], seen: Sequence[Seen], stamps: Stamps) -> list[Dark]:
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


def _rare_together(found: Sequence[Dark]) -> list[Dark]:
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
