"""Between a detector that knows one series over time and the seam: the series of a signal's cells, and moves from its changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from blameline.cells.grid import sums
from blameline.shifts.moves import Move

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blameline.fit import Fit

Floats = NDArray[np.float64]

LONGEST = 1000
"""Entries of a series; longer ones have neighbouring buckets joined."""
CLEAR = 2.0
"""Standard errors that the mean must have moved by: a slope that goes over into a level is a cut and no move."""
RECOVERED = 0.35
"""Share of a move that may be left when the next one has taken it back."""


@dataclass(frozen=True)
class Series:
    """One signal over time, one entry a bucket or a few joined."""

    values: Floats
    """Means with the differences between segments taken out, in the signal's unit; NaN where nothing was measured."""
    noise: Floats
    """Variance that each owes to the number of its measurements."""
    joined: int
    """Buckets an entry."""
    hours: float
    """Length of an entry."""

    def moments(self, change: Change) -> Floats:
        """Where a change may lie, in hours from the start of the cells."""
        return change.places.astype(np.float64) * self.hours

    @property
    def periods(self) -> tuple[int, ...]:
        """A day and a week in entries, where they are whole numbers."""
        return tuple(round(hours / self.hours) for hours in (24.0, 168.0) if abs(hours / self.hours % 1) < 1e-9)


@dataclass(frozen=True)
class Change:
    """One change in a series: the first entry after it, where else it may lie, and how much speaks for it in nats."""

    at: int
    places: NDArray[np.int64]
    weights: Floats
    evidence: float
    sloped: bool = False
    """The mean goes to its new level gradually, until the next change."""


def series_of(fit: Fit) -> Series:
    """The cells of a signal as one series."""
    cells = fit.cells
    joined = -(-cells.buckets // LONGEST)
    entry = cells.bucket // joined
    size = -(-cells.buckets // joined)
    segments = int(cells.segment.max(initial=0)) + 1
    held = sums(cells.segment, cells.n, segments)
    level = np.divide(sums(cells.segment, cells.total, segments), held, out=np.zeros(segments), where=held > 0)
    n = sums(entry, cells.n, size)
    rest = sums(entry, cells.total - cells.n * level[cells.segment], size)
    empty = np.full(size, np.nan)
    whole = float(cells.total.sum() / cells.n.sum()) if cells.n.sum() else 0.0
    return Series(
        values=np.divide(rest, n, out=empty.copy(), where=n > 0) + whole,
        noise=np.divide(fit.sigma2, n, out=empty.copy(), where=n > 0),
        joined=joined,
        hours=joined * cells.width / 3600,
    )


def moves_from(fit: Fit, series: Series, changes: Sequence[Change], *, better: str) -> list[Move]:
    """The moves that changes in time order amount to, the strongest first, their sizes estimated together under ``fit``."""
    if not changes:
        return []
    edges = [change.at for change in changes] + [len(series.values)]
    profiles = np.column_stack(
        [_profile(fit, series, change, after) for change, after in zip(changes, edges[1:], strict=True)]
    )
    columns = profiles[fit.cells.bucket]
    inverse = np.linalg.pinv(fit.gram(columns), rcond=1e-9, hermitian=True)
    effects, errors = inverse @ fit.scores(columns).pull, np.sqrt(np.maximum(np.diag(inverse), 0.0))
    kept = [index for index in range(len(changes)) if errors[index] > 0 and abs(effects[index]) > CLEAR * errors[index]]
    moves: list[Move] = []
    back: set[int] = set()
    for index in kept:
        if index in back:
            continue
        change, effect = changes[index], float(effects[index])
        over = index + 1 in kept and not change.sloped and abs(effect + effects[index + 1]) < RECOVERED * abs(effect)
        column: Floats = columns[:, index]
        ends, end_weights, left = np.zeros(0), np.zeros(0), None
        if over:
            back.add(index + 1)
            left = columns[:, index + 1]
            column = column - left
            ends, end_weights = series.moments(changes[index + 1]), changes[index + 1].weights
        move = Move(
            segment={},
            worse=(effect < 0) == (better == "higher"),
            evidence=change.evidence,
            moments=series.moments(change),
            weights=change.weights,
            effect=effect,
            error=float(errors[index]),
            ends=ends,
            end_weights=end_weights,
            gradual=change.sloped,
            column=column,
            left=left,
        )
        moves.append(move)
    return sorted(moves, key=lambda move: -move.evidence)


def _profile(fit: Fit, series: Series, change: Change, after: int) -> Floats:
    """0 in the buckets before a change and 1 after it; on a slope in between."""
    place = (np.arange(fit.cells.buckets) + 0.5) / series.joined - change.at
    if change.sloped:
        return np.clip(place / (after - change.at), 0.0, 1.0)
    return (place > 0).astype(float)
