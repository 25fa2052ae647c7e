"""When a version came and when its share rose, and whether the requests are enough to say so.

In come flags in order of time: which of the requests that could have carried it did. Two questions are put to them. Was it
new when it was first seen? If it had been in use all along at the share that it had afterwards, the chance that none of the
``k`` requests before carried it, given how many of the ``m`` after did, is that of drawing them so from all ``k + m`` (the
permutation test of Fisher). Where did its share rise? At the split with the largest likelihood of two binomials; every split
that is less than ``SURE`` below it may be meant as well.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from blameline.candidates.stamps import Flags, Numbers, Stamp

CHANCE = 0.001
"""Below this it is not chance that no request before carried it."""
SURE = 7.0
"""In log likelihood: two binomials this much worse than the best place are out (about 1 in 5,000)."""
CLEAR = 10.0
"""In log likelihood: how much better a step must be than none. Requests of one user or hour move together, so it is much."""
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
    first = int(stamp.began[carries][0])
    near = carries & (stamp.began < first + FIRST_DAY)
    could = np.isin(stamp.place, np.unique(stamp.place[near]))
    before = int((could & (stamp.began < first)).sum())
    after = carries[could & (stamp.began >= first)][1:]
    earlier = stamp.began[could & (stamp.began < first)]
    return Arrival(
        first=first,
        without=int(earlier[-1]) if len(earlier) else None,
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


@dataclass(frozen=True)
class Rise:
    """A share that rose at one moment; times in microseconds since the window's start."""

    at: int
    low: int
    high: int
    """It rose somewhere between these."""
    before: float
    after: float
    """Shares."""
    n_before: int
    n_after: int


def rise(began: Numbers, carries: Flags) -> Rise | None:
    """Where the share of what ``carries`` marks rose at once; ``None`` where it did not, or where that is not clear."""
    n = len(carries)
    if n < 2 or carries.all() or not carries.any():
        return None
    hits = np.cumsum(carries)[:-1].astype(float)
    left = np.arange(1, n, dtype=float)
    whole = float(carries.sum())
    gain = _fit(hits, left) + _fit(whole - hits, n - left) - _fit(np.array([whole]), np.array([float(n)]))
    up = (whole - hits) / (n - left) > hits / left
    gain = np.where(up & (began[1:] > began[:-1]), gain, -np.inf)
    best = int(np.argmax(gain))
    if not np.isfinite(gain[best]) or gain[best] < CLEAR:
        return None
    close = np.flatnonzero(gain > gain[best] - SURE)
    return Rise(
        at=int(began[best + 1]),
        low=int(began[close[0]]),
        high=int(began[close[-1] + 1]),
        before=float(hits[best] / left[best]),
        after=float((whole - hits[best]) / (n - left[best])),
        n_before=int(left[best]),
        n_after=int(n - left[best]),
    )


def _fit(hits: np.ndarray, n: np.ndarray) -> np.ndarray:
    """The log likelihood of each part at its own share."""
    share = hits / n
    with np.errstate(divide="ignore", invalid="ignore"):
        yes = np.where(hits > 0, hits * np.log(share), 0.0)
        no = np.where(hits < n, (n - hits) * np.log1p(-share), 0.0)
    result: np.ndarray = yes + no
    return result
