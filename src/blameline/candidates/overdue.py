"""Slow causes: what should have been renewed and was not, so that it grows older than it ever was.

A version that is renewed at a cadence, such as an index that is rebuilt every night, is no suspect as long as the cadence holds.
When it stays longer than usual its age beyond the usual becomes a bid of its own, whose column is that age and no step. The
cadence comes from the values that the traces carry and from the renewals in the changelog; without at least three renewals
there is no cadence, and no bid.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from blameline.candidates.bids import Candidate, Seen
    from blameline.cells import Cells, Clock

Floats = NDArray[np.float64]

RENEWED: tuple[str, ...] = ("retrieval", "data")
"""Layers whose versions age by themselves."""
FEWEST = 3
"""Renewals without which there is no cadence."""
UNEVEN, UNEVEN_OF_TWO = 3.5, 1.5
"""How many times the shortest of the usual stays the longest of them may be (nothing is renewed at weekends), and of only two."""
LONGER, TWICE = 1.5, 2.0
"""A stay is too long when it is this much longer than the longest usual one, and than the median."""
LEAST = timedelta(hours=12)
"""How long before the end of the window it must have been due."""
SAME = timedelta(hours=36)
"""A renewal in the changelog and the first request with a new value are one within this."""
REACHED = (24.0, 48.0, 96.0)
"""Hours beyond the usual after which age may do no more harm."""


@dataclass(frozen=True)
class Overdue:
    """A value that stayed longer than its kind usually does."""

    key: str
    """``<layer>:<attribute>``."""
    value: str
    renewed: datetime
    """When it came into use."""
    usual: timedelta
    """The median time that values before it stayed."""
    until: datetime
    """When it was renewed at last, or the end of the window."""
    renewals: int
    """How many renewals the cadence comes from."""

    @property
    def due(self) -> datetime:
        """When it should have been renewed."""
        return self.renewed + self.usual

    @property
    def summary(self) -> str:
        """In a few words."""
        attribute = self.key.partition(":")[2]
        stayed, usual = (_days(span) for span in (self.until - self.renewed, self.usual))
        return f"{attribute} = {self.value} stayed for {stayed}, and was renewed every {usual} before ({self.renewals} renewals)"


def overdue(declared: Sequence[Candidate], seen: Sequence[Seen], clock: Clock) -> tuple[Overdue, ...]:
    """Values that stayed longer than is usual for their attribute, at most one an attribute: the longest stay."""
    found = []
    for key in sorted({one.key for one in seen if one.layer in RENEWED}):
        own = sorted((one for one in seen if one.key == key), key=lambda one: (one.first, one.value))
        begin = clock.since + timedelta(seconds=2 * clock.width)
        stays = [(one.first, one.value) for one in own if one.first > begin]
        written = sorted(
            one.at
            for one in declared
            if one.at is not None and one.layer == key.partition(":")[0] and one.key in {None, key}
        )
        first = own[0].value
        earlier = [at for at in written if at <= begin]
        moments = [(at, first) for at in earlier] + stays
        if len(moments) < FEWEST:
            continue
        told = _too_long([at for at, _ in moments], clock.until)
        if told is None:
            continue
        longest, usual, renewals = told
        renewed, value = moments[longest]
        until = moments[longest + 1][0] if longest + 1 < len(moments) else clock.until
        if any(renewed + SAME < at < until - SAME for at in written):
            continue  # renewed in place, by its record: the value stayed and the thing did not
        if clock.since < until and renewed + usual < clock.until - LEAST:
            found.append(Overdue(key, value, renewed, usual, until, renewals))
    return tuple(found)


def stopped(candidates: Sequence[Candidate], clock: Clock) -> tuple[tuple[str, datetime, timedelta], ...]:
    """Renewals by the changelog alone that stopped: component, the last one, and the usual time between two."""
    found = []
    bare = [one for one in candidates if one.change is not None and one.layer in RENEWED and one.key is None and one.at]
    for component in sorted({one.change.component or "" for one in bare if one.change}):
        own = sorted(one.at for one in bare if one.at and one.change and (one.change.component or "") == component)
        told = _too_long(own, clock.until) if len(own) >= FEWEST else None
        if told is not None and told[0] == len(own) - 1 and own[-1] + told[1] < clock.until - LEAST:
            found.append((component, own[-1], told[1]))
    return tuple(found)


def _too_long(moments: Sequence[datetime], until: datetime) -> tuple[int, timedelta, int] | None:
    """Which stay was too long, how long they usually are, and from how many that comes; ``None`` where none was."""
    ends = [*moments[1:], until]
    lengths = np.array([(end - at).total_seconds() for at, end in zip(moments, ends, strict=True)])
    longest = int(np.argmax(lengths))
    others = np.delete(lengths, longest)
    if longest != len(lengths) - 1:
        others = others[:-1]  # the last one is not over
    if len(others) < FEWEST - 1:
        return None
    usual = float(np.median(others))
    uneven = UNEVEN_OF_TWO if len(others) < FEWEST else UNEVEN
    if others.max() > uneven * others.min() or lengths[longest] < max(LONGER * others.max(), TWICE * usual):
        return None
    return longest, timedelta(seconds=usual), len(others)


def ageing(one: Overdue, cells: Cells) -> tuple[list[tuple[str, Floats]], list[float]]:
    """Its columns (each between 0 and 1, with a word) and their weights: the age beyond the usual, and how far age can harm."""
    carried = cells.carries(one.key, one.value)
    due, until = cells.hour_of(one.due), cells.hour_of(one.until)
    age = np.maximum(cells.hours - due, 0.0) * carried * (cells.hours <= until + cells.width / 3600)
    columns = [("older than usual", age / max(until - due, 1.0))]
    columns += [(f"older than usual, up to {length:g} h", np.minimum(age / length, 1.0)) for length in REACHED]
    since = cells.hour_of(one.renewed)
    old = np.clip((cells.hours - since) / max(until - since, 1.0), 0.0, 1.0) * carried
    columns.append(("older by the hour", old))
    return columns, [0.5, 0.1, 0.1, 0.1, 0.2]


def _days(span: timedelta) -> str:
    hours = span.total_seconds() / 3600
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.1f} days"
