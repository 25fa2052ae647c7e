"""Which requests carry which version, one after the other in time: what the moves of a stamp are read from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]


def marked(numbers: Numbers, chosen: Sequence[int] | Numbers) -> Flags:
    """Which of these small numbers are among the chosen ones."""
    table = np.zeros(int(numbers.max(initial=0)) + 1, dtype=bool)
    inside = [int(one) for one in chosen if one < len(table)]
    table[inside] = True
    return table[numbers]


@dataclass(frozen=True)
class Stamp:
    """One attribute over the requests that carry a value of it, oldest first."""

    key: str
    """``<layer>:<attribute>``."""
    score: str | None
    """The score that it is about, of a judge; ``None`` for a stamp of requests."""
    since: datetime
    until: datetime
    began: Numbers
    """When each request began, in microseconds since ``since``."""
    combination: Numbers
    """Which combination of values each carries."""
    place: Numbers
    """Its segment set."""
    values: Mapping[str, frozenset[int]]
    """By value, the combinations with it."""
    segments: Sequence[Mapping[str, str]]

    @property
    def layer(self) -> str:
        """The layer part of the key."""
        return self.key.partition(":")[0]

    @property
    def attribute(self) -> str:
        """The attribute part of the key."""
        return self.key.partition(":")[2]

    def carries(self, value: str) -> Flags:
        """Which requests carry this value (beside others perhaps)."""
        return marked(self.combination, sorted(self.values.get(value, ())))

    def inside(self, scope: Mapping[str, str]) -> Flags:
        """Which requests come from there; names that no segment has say nothing."""
        known = {key for segment in self.segments for key in segment}
        asked = {key: value for key, value in scope.items() if key in known}
        fits = [i for i, one in enumerate(self.segments) if all(one.get(k) == v for k, v in asked.items())]
        return marked(self.place, fits)

    def where(self, chosen: Flags | slice) -> Stamp:
        """The same over these requests only."""
        return Stamp(
            self.key, self.score, self.since, self.until, self.began[chosen], self.combination[chosen],
            self.place[chosen], self.values, self.segments,
        )  # fmt: skip

    def before(self, began: int) -> slice:
        """The requests that began before then."""
        return slice(0, int(np.searchsorted(self.began, began, side="left")))

    def after(self, began: int) -> slice:
        """The requests that began after then."""
        return slice(int(np.searchsorted(self.began, began, side="right")), len(self.began))

    def count(self, moment: datetime) -> int:
        """Microseconds from the window's start to a moment."""
        return round((moment - self.since) / timedelta(microseconds=1))

    def moment(self, began: float) -> datetime:
        """The moment so many microseconds after the window's start."""
        return self.since + timedelta(microseconds=int(began))
