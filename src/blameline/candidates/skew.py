"""Whether the times of one changelog are all off by about the same: a zone that was left out, or a clock.

Each record whose version is new in the traces says which offsets it can be reconciled with: it must not have been seen
sooner, and the requests that passed after it must be few enough for the share that carried it later. An offset that
reconciles nearly all records of a file, where the written times reconcile few, is the file's and not the records'.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from blameline.candidates.arrivals import FIRST_DAY, unseen
from blameline.candidates.bids import FEWEST
from blameline.records import SourceSkew

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blameline.candidates.claims import Claim, Sight

OFFSETS = tuple(hours / 2 for hours in range(-28, 29) if abs(hours) >= 2)
"""Hours that a zone may be away from another, an hour at least: less is how a rollout goes."""
CLOSE = timedelta(minutes=10)
"""How far from the common offset a single record may be."""
CHANCE = 0.01
MOST = 0.8
"""The share of a file's records that must."""
RIGHT = 1 / 3
"""Where more than this share of the records is right as written, the file is."""
VAGUE = timedelta(hours=2)
"""A record that is off by more than this by its own words tells nothing of its clock."""


@dataclass(frozen=True)
class Timed:
    """A record and the first sight of its version."""

    source: str
    claim: Claim
    sight: Sight

    def fits(self, hours: float) -> bool:
        """Whether it may have acted so many hours after its written time."""
        claim, found = self.claim, self.sight.first
        assert found is not None
        meant = claim.at + timedelta(hours=hours)
        low, high = claim.stamp.count(meant - CLOSE), claim.stamp.count(meant + CLOSE)
        if found.first < low:
            return False
        near = claim.carries & (claim.stamp.began < found.first + FIRST_DAY)
        could = np.isin(claim.stamp.place, np.unique(claim.stamp.place[near]))
        passed = int((could & (claim.stamp.began > high) & (claim.stamp.began < found.first)).sum())
        return unseen(passed, claim.carries[could & (claim.stamp.began >= found.first)][1:]) >= CHANCE


def skews(told: Sequence[Timed]) -> tuple[SourceSkew, ...]:
    """The files whose times are all off by about the same, by name; ``told``: records that name a version new in the traces."""
    found = [_skew(source, records) for source, records in sorted(_by_source(told).items())]
    return tuple(one for one in found if one is not None)


def hints(told: Sequence[Timed]) -> tuple[SourceSkew, ...]:
    """As ``skews``, with the files of too few records to tell: all of them are off, by an offset that they have in common."""
    found = list(skews(told))
    for source, records in sorted(_by_source(told).items()):
        if len(records) < FEWEST and all(one.sight.state == "wrong time" for one in records):
            hint = _common(source, records, len(records))
            found += [hint] if hint else []
    return tuple(found)


def _by_source(told: Sequence[Timed]) -> dict[str, list[Timed]]:
    """The records of each file that say exactly enough when they acted."""
    found: dict[str, list[Timed]] = defaultdict(list)
    for one in told:
        if one.source and one.sight.first is not None and one.claim.slack <= VAGUE:
            found[one.source].append(one)
    return found


def _skew(source: str, records: Sequence[Timed]) -> SourceSkew | None:
    n = len(records)
    right = sum(one.sight.state == "declared" for one in records)
    if n < FEWEST or right > RIGHT * n:
        return None
    return _common(source, records, max(FEWEST, MOST * n))


def _common(source: str, records: Sequence[Timed], least: float) -> SourceSkew | None:
    """The offset that fits most records, where it fits ``least`` of them."""
    n = len(records)
    fitting = {hours: sum(one.fits(hours) for one in records) for hours in OFFSETS}
    best = max(fitting.values())
    if best < least:
        return None
    hours = max(
        (hours for hours, fits in fitting.items() if fits == best), key=lambda hours: (hours.is_integer(), hours)
    )
    return SourceSkew(source=source, hours=hours, records=best, of=n)
