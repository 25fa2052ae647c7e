"""A declared change beside the stamp that is to show it, and what came of holding the two against each other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blameline.candidates.arrivals import Arrival
    from blameline.candidates.bids import Candidate
    from blameline.candidates.stamp import Flags, Stamp
    from blameline.records import Agreement

TOLERANCE = timedelta(minutes=30)
"""How far off a time may be where its record does not say: rolling restarts, caches, people who round."""


@dataclass(frozen=True)
class Sight:
    """How one declared change agrees with one stamp; times in microseconds since the window's start."""

    state: Agreement
    stamp: Stamp
    """Within the scope of its record, where it was seen there."""
    carries: Flags
    """Which requests of the stamp carry it."""
    words: str
    observed: int | None = None
    without: int | None = None
    first: Arrival | None = None
    enough: int | None = None


@dataclass(frozen=True)
class Claim:
    """A declared change and the stamp that is to show it, with the span in which its record puts it."""

    candidate: Candidate
    stamp: Stamp
    carries: Flags
    at: datetime
    others: Sequence[datetime]
    """When other records say that the same version came, or came further."""
    name: str
    """What is to be seen, in words."""

    @property
    def slack(self) -> timedelta:
        """How far off its time may be."""
        return slack(self.candidate)

    @property
    def low(self) -> int:
        """From when on it may have acted, as its record has it."""
        return self.stamp.count(self.at - self.slack)

    @property
    def high(self) -> int:
        """Until when it must have begun to act."""
        return self.stamp.count(self.at + self.slack)

    @property
    def whole(self) -> int:
        """Until when its last stage must have begun to act."""
        change = self.candidate.change
        ends = [stage.at for stage in change.rollout] if change else []
        return self.stamp.count(max([self.at, *ends]) + self.slack)


def slack(candidate: Candidate) -> timedelta:
    """How far off the time of a record may be: as it says itself, and ``TOLERANCE`` at least."""
    said = candidate.change.uncertainty if candidate.change else None
    return max(said or TOLERANCE, TOLERANCE)
