"""When a version came, and whether the requests are enough to say that it is new.

In come flags in order of time: which of the requests that could have carried it did. Was it new when it was first
seen? If it had been in use all along at the share that it had afterwards, the chance that none of the
``k`` requests before carried it, given how many of the ``m`` after did, is that of drawing them so from all ``k + m`` (the
permutation test of Fisher).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from blameline.candidates.rises import rise
from blameline.candidates.stamp import marked

if TYPE_CHECKING:
    from blameline.candidates.stamp import Flags, Stamp

CHANCE = 0.001
"""Below this it is not chance that no request before carried it."""
FEWEST_BESIDE = 20
"""Requests after it that are looked at, at least."""
STRAY = 0.02
"""Below this share of the requests it is somebody who tries it out."""
UNSURE = 2.5
"""So many times as many requests are needed where the share after is itself counted from a quarter as many."""
FIRST_DAY = 86_400_000_000
"""Microseconds: the places of a version are those from which it came in its first day."""


@dataclass(frozen=True)
class Arrival:
    """The first sight of a version; times in microseconds since the window's start."""

    first: int
    without: int | None
    """The last request before that which could have carried it and did not; ``None`` where there is none."""
    before: int
    """Requests before it, from the places where it was seen in its first day."""
    chance: float
    """That none of them carried it, if it had been in use at the share that it had afterwards."""
    enough: int
    """Requests before it that would have been enough to say that it is new."""

    @property
    def new(self) -> bool:
        """Whether it was new, and not only rare."""
        return self.chance < CHANCE


def arrival(stamp: Stamp, carries: Flags) -> Arrival:
    """The first sight of what ``carries`` marks; one request at least carries it."""
    first = int(stamp.began[int(np.argmax(carries))])
    past = stamp.before(first)
    here = past.stop
    near = slice(here, stamp.before(first + FIRST_DAY).stop)
    could = marked(stamp.place, np.unique(stamp.place[near][carries[near]]))
    before = int(could[past].sum())
    after = carries[here:][could[here:]][1:]
    return Arrival(
        first=first,
        without=int(stamp.began[here - 1 - int(np.argmax(could[past][::-1]))]) if before else None,
        before=before,
        chance=unseen(before, after),
        enough=enough(after),
    )


def lasting_arrival(stamp: Stamp, carries: Flags) -> tuple[Arrival, int]:
    """The first sight of what stayed, and how many requests had it before: those that somebody tried it with are no arrival."""
    found = arrival(stamp, carries)
    risen = None if found.new else rise(stamp.began, carries)
    if risen is None or risen.before >= STRAY:
        return found, 0
    stayed = carries & (stamp.began >= risen.at)
    again = arrival(stamp, stayed)
    return (again, int(carries.sum() - stayed.sum())) if again.new else (found, 0)


def unseen(before: int, after: Flags) -> float:
    """The chance that none of ``before`` requests carried it, by those that came right after its first sight.

    A quarter as many are looked at, so that a rollout that grew later is not held against its beginning.
    """
    beside = after[: max(before // 4, FEWEST_BESIDE)]
    hits, m = int(beside.sum()), len(beside)
    if not before or not hits:
        return 1.0
    log = [math.lgamma(n + 1) for n in (m, before + m - hits, m - hits, before + m)]
    return min(1.0, math.exp(log[0] + log[1] - log[2] - log[3]))


def enough(after: Flags) -> int:
    """How many requests without it would have been enough: the fewest with a chance below ``CHANCE``, by the share after."""
    share = (float(after[:1000].sum()) + 0.5) / (min(len(after), 1000) + 1)
    return max(1, math.ceil(UNSURE * math.log(CHANCE) / math.log1p(-min(share, 0.999))))
