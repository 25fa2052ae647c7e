"""The model's inner products by combination of segment values: any slice is a sum of these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from blameline.cells.grid import sums
from blameline.fit import OverTime
from blameline.records import Interval
from blameline.shifts.describe import Z90

if TYPE_CHECKING:
    from blameline.fit import Fit
    from blameline.shifts.moves import Move

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Segment = dict[str, str]

SLABS = (1.0, 3.0)
"""Scales of an effect in units of the signal's own slab: what is confined to a slice may be larger there."""
MOST_COMBINATIONS = 400
"""Combinations of segment values told apart, the largest; the rest counts as traffic outside of every slice."""
EVENTS = 6.0
"""Expected events of the rarer kind below which a slice says nothing: the normal tail does not hold there."""


@dataclass(frozen=True)
class Part:
    """One slice that was fitted."""

    segment: Segment
    inside: Flags
    """By combination."""
    worth: float
    """Log Bayes factor of a move of just this slice against none."""
    log_weight: float


class Sums:
    """One move, cut by combination of segment values."""

    def __init__(self, fit: Fit, move: Move) -> None:
        self.fit, self.move = fit, move
        cells = fit.cells
        self.side = -1 if move.effect < 0 else 1
        self.column = everywhere(fit, move)
        traffic = np.bincount(cells.segment, cells.n * self.column, minlength=len(cells.segments))
        order = np.lexsort((np.arange(len(traffic)), -traffic))[:MOST_COMBINATIONS]
        self.kept = np.sort(order[traffic[order] > 0])
        number = np.full(len(cells.segments), len(self.kept), dtype=np.int64)
        number[self.kept] = np.arange(len(self.kept))
        self.traffic = np.bincount(number, traffic, minlength=len(self.kept) + 1)
        self.seen = _parted(fit, number[cells.segment], len(self.kept) + 1, self.column)
        self.segments = [cells.segments[index] for index in self.kept]

    def inside(self, segment: Segment) -> Flags:
        """Which combinations lie in a segment; what was not told apart lies in none but the empty one."""
        fits = [all(one.get(key) == value for key, value in segment.items()) for one in self.segments]
        return np.array([*fits, not segment], dtype=bool)

    def worth(self, inside: NDArray[np.bool_]) -> Floats:
        """Log Bayes factor of a move of just each slice (combinations x slices), averaged over the slabs."""
        scores = self.seen.scores(inside.astype(float))
        logs = np.array([scores.log_factor(scale * self.fit.slab, sign=self.side) for scale in SLABS])
        averaged: Floats = logsumexp(logs, axis=0) - np.log(len(SLABS))
        return averaged

    def bound(self, inside: Flags) -> float:
        """The most that any part of a slice can be worth: half of ``s' V^-1 s`` over its combinations on the move's side."""
        at = np.flatnonzero(inside & (self.seen.raw > 0))
        inner, pull = self.seen.inner[np.ix_(at, at)], self.seen.pull[at]
        values, vectors = np.linalg.eigh(inner)
        good = values > 1e-9 * max(float(values.max(initial=0.0)), 1e-300)
        turned = vectors[:, good].T @ pull
        return float(0.5 * (turned**2 / values[good]).sum()) + float(np.log(2))

    def share(self, held: Flags) -> tuple[Interval, bool]:
        """The share of the move that some combinations explain (delta method), and whether the others surely moved too."""
        design = np.column_stack([held, ~held]).astype(float)
        inner, pull = design.T @ self.seen.inner @ design, design.T @ self.seen.pull
        cover = np.linalg.pinv(inner, rcond=1e-9, hermitian=True)
        effects = cover @ pull
        size = design.T @ self.traffic / self.traffic.sum()
        moved = effects * size
        whole = float(moved.sum())
        if whole * self.side <= 0:
            return Interval(estimate=0.0, low=0.0, high=1.0), False
        share = float(moved[0]) / whole
        slope = np.array([(1 - share) * size[0], -share * size[1]]) / whole
        error = Z90 * float(np.sqrt(max(float(slope @ cover @ slope), 0.0)))
        outside = self.side * float(effects[1]) - Z90 * float(np.sqrt(max(float(cover[1, 1]), 0.0))) > 0
        low, middle, high = (min(max(value, 0.0), 1.0) for value in (share - error, share, share + error))
        return Interval(estimate=middle, low=low, high=high), outside


def _parted(fit: Fit, number: NDArray[np.int64], count: int, column: Floats) -> OverTime:
    """What the model says of one column cut into ``count`` parts, so that any union of parts is a sum."""
    parts = np.zeros((len(number), count + 1))
    parts[np.arange(len(number)), number] = column
    parts[:, count] = fit.mean  # a column as any other: its inner products are the pull
    inner = fit.gram(parts)
    raw = sums(number, fit.weight * column**2, count)
    return OverTime(inner[:count, :count], inner[:count, count], raw, EVENTS / (fit.sigma2 * fit.rarity))


def everywhere(fit: Fit, move: Move) -> Floats:
    """The move's course over time on all traffic: of a local move as its slice shows it, of a version's from its onset on."""
    cells = fit.cells
    inside = cells.inside(move.segment)
    course = np.zeros(cells.buckets)
    np.maximum.at(course, cells.bucket[inside], move.column[inside])
    low = np.full(cells.buckets, np.inf)
    np.minimum.at(low, cells.bucket[inside], move.column[inside])
    if np.isfinite(low).any() and float((course - np.where(np.isfinite(low), low, course)).max()) > 1e-9:
        begin = move.begun
        end = move.over
        return ((cells.hours > begin) & (cells.hours <= end)).astype(float)
    return course[cells.bucket]
