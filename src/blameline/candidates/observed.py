"""What the traces show of a declared change that is linked to a version: whether it acted when its record says.

A request that carries the version before its time is proof that the time is wrong. Requests without it after its time are
none by themselves: they are held against the share that carried it later, so that sparse traffic and small rollouts are not
taken for delay. A version that was in use before is judged by where its share rose.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from blameline.candidates.arrivals import CHANCE, FIRST_DAY, STRAY, arrival, rise, unseen
from blameline.candidates.told import count, lasting, minute, share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blameline.candidates.arrivals import Arrival, Rise
    from blameline.candidates.bids import Candidate
    from blameline.candidates.stamps import Flags, Stamp
    from blameline.records import Agreement

TOLERANCE = timedelta(minutes=30)
"""How far off a time may be where its record does not say: rolling restarts, caches, people who round."""
NEARBY = timedelta(days=3)
"""How far around its time a rise of its share is looked for."""
FEWEST = 20
"""Requests on either side, from which on a share is compared."""
FEWEST_OF_A_STAGE = 100
"""The same for a further stage of a version that is in use already."""
TRIAL = 3
"""Fewer early requests than this, or a smaller share than ``STRAY``, are somebody who tries it out."""
FIRM = 0.2
"""How far a share must have risen at another time for that to be the time that was meant."""


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


def sight(claim: Claim) -> Sight:
    """How a record agrees with the stamp that is to show it."""
    if not claim.carries.any():
        return _never(claim)
    found = arrival(claim.stamp, claim.carries)
    earlier = [moment for moment in claim.others if moment < claim.at]
    if claim.at - claim.slack >= claim.stamp.until and earlier:
        words = f"the traces end {minute(claim.stamp.until)}, before it"
        return Sight("not visible", claim.stamp, claim.carries, words)
    told = None if earlier else _by_first_sight(claim, found)
    if told is not None:
        return told
    risen = _risen(claim)
    until = claim.high if found.new and not earlier else claim.whole  # what is new came with its first stage
    if risen is not None and risen.low <= until and risen.high >= claim.low:
        return _rose(claim, found, risen, again=bool(earlier))
    if earlier:
        return _no_further(claim, found)
    if found.new:
        return _too_early(claim, found)
    return _in_use(claim, found, risen)


def _by_first_sight(claim: Claim, found: Arrival) -> Sight | None:
    """What the first request with it tells by itself; ``None`` where it came too early to."""
    if claim.high <= 0 and not found.new:
        begin = minute(claim.stamp.since)
        words = f"{claim.name} is in use when the traces begin ({begin}), after the time of its record"
        return Sight("declared", claim.stamp, claim.carries, words, first=found)
    if found.first >= claim.low:
        return _first_seen(claim, found, claim.carries)
    before = claim.stamp.began < claim.low
    early = int((claim.carries & before).sum())
    since = int((before & (claim.stamp.began >= found.first)).sum())
    later = claim.carries & ~before
    if later.any() and (early < TRIAL or early < STRAY * since):
        stayed = arrival(claim.stamp, later)
        if stayed.new:
            return _first_seen(claim, stayed, later, early=early)
    return None


def _at(claim: Claim, began: int) -> str:
    return minute(claim.stamp.moment(began))


def _apart(claim: Claim, began: int) -> str:
    """How far from its written time something was."""
    off = (claim.stamp.moment(began) - claim.at).total_seconds()
    if abs(off) < 60:
        return "in the minute that its record says"
    return f"{lasting(off)} {'after' if off > 0 else 'before'} the time of its record"


def _of(claim: Claim) -> str:
    return "scores" if claim.stamp.score else "requests"


def _never(claim: Claim) -> Sight:
    """Nothing carries it within the window: the record and the stamp have no request in common."""
    words = f"{claim.name} is on no request of its scope"
    return Sight("cannot tell", claim.stamp, claim.carries, words, enough=FEWEST)


def _first_seen(claim: Claim, found: Arrival, carries: Flags, *, early: int = 0) -> Sight:
    """Its first request came at its time or later."""
    allowed = claim.slack if abs(claim.stamp.moment(found.first) - claim.at) > TOLERANCE else timedelta(0)
    tried = f", after {count(early)} with it before" if early else ""
    words = f"{claim.name} was first seen {_at(claim, found.first)}, {_apart(claim, found.first)}{tried}"
    if found.first <= claim.high:
        words += f" (which may be off by {lasting(allowed.total_seconds())} by its own words)" if allowed else ""
        return Sight("declared", claim.stamp, carries, words, found.first, found.without, found)
    near = carries & (claim.stamp.began < found.first + FIRST_DAY)
    could = np.isin(claim.stamp.place, np.unique(claim.stamp.place[near]))
    between = could & (claim.stamp.began > max(claim.high, 0)) & (claim.stamp.began < found.first)
    passed = int(between.sum())
    after = carries[could & (claim.stamp.began >= found.first)][1:]
    if max(unseen(passed, after), _as_staged(claim, between)) >= CHANCE:
        words += (
            f"; the {count(passed)} in between need not have shown it sooner" if passed else "; no request came sooner"
        )
        return Sight("declared", claim.stamp, carries, words, found.first, found.without, found)
    words += f", and {count(passed)} in between that could have carried it did not"
    return Sight("wrong time", claim.stamp, carries, words, found.first, found.without, found)


def _as_staged(claim: Claim, between: Flags) -> float:
    """The chance that none of these requests carried it by the shares of its declared stages; 0 where it has none."""
    change = claim.candidate.change
    if change is None or not change.rollout:
        return 0.0
    began, whole = claim.stamp.began[between], 0.0
    ordered = sorted(change.rollout, key=lambda stage: stage.at)
    for place, stage in enumerate(ordered):
        inside = began >= claim.stamp.count(stage.at)
        if place + 1 < len(ordered):
            inside &= began < claim.stamp.count(ordered[place + 1].at)
        whole += int(inside.sum()) * math.log1p(-min(stage.percent / 100, 0.999))
    return math.exp(whole)


def _risen(claim: Claim) -> Rise | None:
    """Where its share rose near its time, between the times of other records that name the same version."""
    before = [moment for moment in claim.others if moment < claim.at]
    after = [moment for moment in claim.others if moment > claim.at]
    low = max([claim.at - NEARBY, *before])
    high = min([claim.stamp.moment(claim.whole) + NEARBY, *after])
    began = claim.stamp.began
    around = (began >= claim.stamp.count(low)) & (began < claim.stamp.count(high))
    return rise(began[around], claim.carries[around])


def _rose(claim: Claim, found: Arrival, risen: Rise, *, again: bool) -> Sight:
    why = "a further stage" if again else f"in use before, since {_at(claim, found.first)}"
    words = (
        f"the share of {claim.name} rose from {share(risen.before)} to {share(risen.after)} "
        f"about {_at(claim, risen.at)}, {_apart(claim, risen.at)} ({why})"
    )
    earlier = claim.stamp.began[claim.stamp.began < risen.at]
    return Sight("declared", claim.stamp, claim.carries, words, risen.at, int(earlier[-1]), found)


def _sides(claim: Claim) -> tuple[int, int, float, float]:
    """Requests before its time and since, within a few days, and the share that carried it."""
    began, carries, near = claim.stamp.began, claim.carries, claim.stamp.count(claim.at + NEARBY)
    before = (began < claim.low) & (began >= claim.stamp.count(claim.at - NEARBY))
    after = (began > claim.whole) & (began < max(near, claim.whole + FIRST_DAY))
    n, m = int(before.sum()), int(after.sum())
    return n, m, float(carries[before].mean()) if n else 0.0, float(carries[after].mean()) if m else 0.0


def _no_further(claim: Claim, found: Arrival) -> Sight:
    """Another record named the version before, and its share did not rise again."""
    n, m, before, after = _sides(claim)
    if min(n, m) < FEWEST_OF_A_STAGE:
        words = f"{claim.name} is in use already by an earlier record"
        words += f", and {min(n, m)} {_of(claim)} on one side are too few to see it go further"
        return Sight("cannot tell", claim.stamp, claim.carries, words, first=found, enough=FEWEST_OF_A_STAGE)
    words = (
        f"{claim.name} is in use already by an earlier record, and its share did not rise: "
        f"{share(before)} of {n:,} {_of(claim)} before, {share(after)} of {m:,} after"
    )
    return Sight("declared without effect", claim.stamp, claim.carries, words, first=found)


def _too_early(claim: Claim, found: Arrival) -> Sight:
    early = int((claim.carries & (claim.stamp.began < claim.stamp.count(claim.at))).sum())
    words = (
        f"{claim.name} was first seen {_at(claim, found.first)}, {_apart(claim, found.first)}, "
        f"which {count(early, _of(claim)[:-1])} with it came before"
    )
    return Sight("wrong time", claim.stamp, claim.carries, words, found.first, found.without, found)


def _in_use(claim: Claim, found: Arrival, risen: Rise | None) -> Sight:
    """It was there from the beginning, and its share did not rise at its time."""
    n, m, before, after = _sides(claim)
    if min(n, m) < FEWEST:
        words = f"{claim.name} was in use before its time"
        words += f", and {min(n, m)} {_of(claim)} on one side of it are too few to see whether its share rose"
        return Sight("cannot tell", claim.stamp, claim.carries, words, first=found, enough=FEWEST)
    if before >= 0.95:
        words = f"{share(before)} of {n:,} {_of(claim)} carried {claim.name} before that time already"
        words += f", the first of them {_at(claim, found.first)}, when the traces begin"
        return Sight("wrong time", claim.stamp, claim.carries, words, found.first, None, found)
    if risen is not None and risen.after - risen.before >= FIRM and risen.after >= 2 * risen.before:
        words = f"the share of {claim.name} rose from {share(risen.before)} to {share(risen.after)}"
        words += f" about {_at(claim, risen.at)}, {_apart(claim, risen.at)}"
        earlier = claim.stamp.began[claim.stamp.began < risen.at]
        return Sight("wrong time", claim.stamp, claim.carries, words, risen.at, int(earlier[-1]), found)
    words = (
        f"{claim.name} was in use before, and its share did not rise: "
        f"{share(before)} of {n:,} {_of(claim)} before, {share(after)} of {m:,} after"
    )
    return Sight("declared without effect", claim.stamp, claim.carries, words, first=found)
