"""Which requests carry which version, one after the other in time: what the moves of a stamp are read from.

A ``Stamp`` is one attribute of one layer over the requests that carry any value of it. A judge's stamp is on scores and not
on requests, so there is one for each score that a judge gives: a judge may change for one of them alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from blameline.candidates.bids import Seen
from blameline.cells.read import naive, segments

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blameline.cells import Clock
    from blameline.store import Store

Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]
RULER = frozenset({"judge", "eval"})
"""Layers whose versions stand on scores."""


def versions_seen(store: Store, window: Clock) -> tuple[Seen, ...]:
    """Each version that the traces of the window carry, judges beside them."""
    bounds = {"since": naive(window.since), "until": naive(window.until)}
    return tuple(
        Seen(row["key"], row["value"], row["first_seen"], row["last_seen"], row["n"])
        for row in store.rows("candidates/first_seen", **bounds)
    )


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
        return np.isin(self.combination, sorted(self.values.get(value, ())))

    def inside(self, scope: Mapping[str, str]) -> Flags:
        """Which requests come from there; names that no segment has say nothing."""
        known = {key for segment in self.segments for key in segment}
        asked = {key: value for key, value in scope.items() if key in known}
        fits = [i for i, one in enumerate(self.segments) if all(one.get(k) == v for k, v in asked.items())]
        return np.isin(self.place, fits)

    def where(self, chosen: Flags) -> Stamp:
        """The same over these requests only."""
        return Stamp(
            self.key, self.score, self.since, self.until, self.began[chosen], self.combination[chosen],
            self.place[chosen], self.values, self.segments,
        )  # fmt: skip

    def count(self, moment: datetime) -> int:
        """Microseconds from the window's start to a moment."""
        return round((moment - self.since) / timedelta(microseconds=1))

    def moment(self, began: float) -> datetime:
        """The moment so many microseconds after the window's start."""
        return self.since + timedelta(microseconds=int(began))


@dataclass(frozen=True)
class Stamps:
    """Every stamp of the window, each laid out when it is asked for."""

    store: Store
    window: Clock
    _laid: dict[str, tuple[Stamp, ...]] = field(default_factory=dict, compare=False)

    def of(self, key: str) -> tuple[Stamp, ...]:
        """The stamps under a key: one, or one for each score, the score with most values first; none where nothing carries it."""
        if key not in self._laid:
            layer = key.partition(":")[0]
            found = [one for one in (self._of_requests(key), *(self._of_scores(key) if layer in RULER else ())) if one]
            self._laid[key] = tuple(sorted(found, key=lambda one: (-len(one.values), -len(one.began), one.score or "")))
        return self._laid[key]

    @cached_property
    def _places(self) -> tuple[dict[str, str], ...]:
        return segments(self.store)

    @cached_property
    def _requests(self) -> tuple[Numbers, Numbers, Numbers]:
        return self._columns("candidates/requests")

    @cached_property
    def _versions(self) -> list[dict[str, str]]:
        return [dict(row["versions"]) for row in self.store.rows("cells/version_sets")]

    @cached_property
    def _rulers(self) -> list[dict[str, str]]:
        return [dict(row["versions"]) for row in self.store.rows("cells/rulers")]

    @cached_property
    def _scores(self) -> dict[str, tuple[Numbers, Numbers, Numbers]]:
        signals = [row["signal"] for row in self.store.rows("candidates/judged")] if self._rulers else []
        return {signal: self._columns("candidates/scored", signal=signal) for signal in signals}

    def _columns(self, name: str, **parameters: str) -> tuple[Numbers, Numbers, Numbers]:
        bounds = {"since": naive(self.window.since), "until": naive(self.window.until)}
        found = self.store.query(name, **bounds, **parameters)
        began, number, place = (found[one].astype(np.int64) for one in ("began", "version_id", "segment_id"))
        return began, number, place

    def _of_requests(self, key: str) -> Stamp | None:
        return self._stamp(key, None, self._requests, self._versions)

    def _of_scores(self, key: str) -> tuple[Stamp | None, ...]:
        return tuple(self._stamp(key, signal, columns, self._rulers) for signal, columns in self._scores.items())

    def _stamp(
        self,
        key: str,
        score: str | None,
        columns: tuple[Numbers, Numbers, Numbers],
        combinations: Sequence[Mapping[str, str]],
    ) -> Stamp | None:
        began, number, place = columns
        carrying = np.array([key in one for one in combinations], dtype=bool)
        chosen = carrying[number] if len(number) else np.zeros(0, dtype=bool)
        if not chosen.any():
            return None
        values: dict[str, set[int]] = {}
        for place_of, one in enumerate(combinations):
            for part in one[key].split(" + ") if key in one else ():
                values.setdefault(part, set()).add(place_of)
        there = set(np.unique(number[chosen]).tolist())
        kept = {value: frozenset(found & there) for value, found in sorted(values.items()) if found & there}
        return Stamp(
            key, score, self.window.since.astimezone(UTC), self.window.until.astimezone(UTC),
            began[chosen], number[chosen], place[chosen], kept, self._places,
        )  # fmt: skip
