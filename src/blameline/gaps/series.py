"""Rows an hour as arrays on one grid of hours, and the place where a share moved for good."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blameline.store import Store

Counts = NDArray[np.float64]
Level = Literal["format", "service", "operation"]
_MOST_HOURS = 24 * 400
_STRAY = 0.0005
"""So small a share of the requests, before the first or after the last hour, is stray and no part of the span."""
_FEWEST = 20
"""Rows on each side, and rows that are more or fewer than before, below which a share that moved is chance."""
_BY, _SURE = 0.05, 6.0
"""How far a share must have moved, and by how many standard errors: the place is the best of hundreds, and hours differ."""


@dataclass(frozen=True)
class Series:
    """The rows of one source an hour."""

    level: Level
    format: str
    service: str
    operation: str
    counts: Counts


@dataclass(frozen=True)
class Traffic:
    """All rows an hour, on one grid."""

    first: int
    """The hour of index 0, since 1970."""
    requests: Counts
    rootless: int
    rows: Counts
    series: tuple[Series, ...] = field(default=())

    @property
    def whole(self) -> int:
        """All requests, those outside the grid apart."""
        return int(self.requests.sum())

    @property
    def bunch(self) -> float:
        """Rows a request."""
        return max(float(self.rows.sum()) / max(self.whole, 1), 1.0)

    def laid(self, hours: Sequence[int], counts: Sequence[int]) -> Counts:
        """Counts of some hours on the grid; what lies outside is left out."""
        return _laid(self.first, len(self.requests), hours, counts)


def _laid(first: int, length: int, hours: Sequence[int], counts: Sequence[int]) -> Counts:
    place = np.asarray(hours, dtype=np.int64) - first
    inside = (place >= 0) & (place < length)
    return np.bincount(place[inside], np.asarray(counts, dtype=float)[inside], minlength=length).astype(np.float64)


def series_of(store: Store) -> Traffic | None:
    """All rows by hour, in total and by source; ``None`` without any."""
    found = store.query("gaps/requests")
    hour, n = found["hour"].astype(np.int64), found["n"].astype(float)
    if not len(hour):
        return None
    share = np.cumsum(n) / n.sum()
    low, middle, high = (int(hour[np.searchsorted(share, at)]) for at in (_STRAY, 0.5, 1 - _STRAY))
    first, last = max(low, middle - _MOST_HOURS // 2), min(high, middle + _MOST_HOURS // 2)
    length = last - first + 1
    rows = store.rows("gaps/series")
    own = [(row, _laid(first, length, row["hours"], row["counts"])) for row in rows]
    total = np.sum([counts for _, counts in own], axis=0) if own else np.zeros(length)
    return Traffic(
        first=first,
        requests=_laid(first, length, list(hour), list(n)),
        rootless=int(found["rootless"].sum()),
        rows=total,
        series=tuple(_summed(own)),
    )


def _summed(own: Sequence[tuple[dict[str, Any], Counts]]) -> list[Series]:
    """Each source by itself and together with its siblings; a source that is all there is of the wider one comes once."""
    found: list[Series] = []
    levels: tuple[tuple[Level, tuple[str, ...]], ...] = (
        ("format", ("format",)),
        ("service", ("format", "service")),
        ("operation", ("format", "service", "op")),
    )
    seen: set[bytes] = set()
    for level, keys in levels:
        sums: dict[tuple[str, ...], Counts] = {}
        for row, counts in own:
            key = tuple(row[key] for key in keys)
            sums[key] = sums[key] + counts if key in sums else counts
        for key, counts in sorted(sums.items()):
            if counts.any() and counts.tobytes() not in seen:
                seen.add(counts.tobytes())
                format_, service, operation = (*key, "", "")[:3]
                found.append(Series(level, format_, service, operation, counts))
    return found


@dataclass(frozen=True)
class Step:
    """Where a share moved for good."""

    index: int
    """The first place after."""
    before: float
    after: float


def step(n: Counts, hits: Counts) -> Step | None:
    """The likeliest place at which the share of ``hits`` in ``n`` moved; ``None`` where too little lies on one of its sides."""
    before_n, before = np.cumsum(n)[:-1], np.cumsum(hits)[:-1]
    after_n, after = n.sum() - before_n, hits.sum() - before
    fits = (before_n >= _FEWEST) & (after_n >= _FEWEST)
    if not fits.any():
        return None
    likely = np.where(fits, _likelihood(before_n, before) + _likelihood(after_n, after), -np.inf)
    place = int(np.argmax(likely))
    share = float(before[place] / before_n[place]), float(after[place] / after_n[place])
    following = np.flatnonzero(n[place + 1 :] > 0)
    return Step(place + 1 + (int(following[0]) if len(following) else 0), *share)


def _likelihood(n: Counts, hits: Counts) -> Counts:
    """Of the hits at the share that they make, as a log."""
    share = np.clip(hits / np.maximum(n, 1.0), 1e-9, 1 - 1e-9)
    return hits * np.log(share) + (n - hits) * np.log1p(-share)


def clear_step(n: Counts, hits: Counts) -> Step | None:
    """The place at which the share moved, where it moved far enough and more than chance moves the best of all places."""
    moved = step(n, hits)
    if moved is None:
        return None
    by, share = abs(moved.after - moved.before), hits.sum() / n.sum()
    before, after = n[: moved.index].sum(), n[moved.index :].sum()
    error = math.sqrt(share * (1 - share) * (1 / before + 1 / after))
    return moved if by > max(_BY, _SURE * error) and by * min(before, after) >= _FEWEST else None


def by_name(rows: Sequence[dict[str, Any]], key: str) -> dict[str, list[dict[str, Any]]]:
    """The rows of each name, in their order."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row[key]].append(row)
    return found
