"""The second detector of ours: any number of changes in the level or the slope of one signal over time.

Where ``steps`` asks which single move the cells show, and for a second with the first one known, this one cuts the series of
bucket means into pieces all at once. It knows no versions and no slices: it is for long windows with many changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from blameline.shifts.changes import Change, moves_from, series_of
from blameline.shifts.partition import FLOOR, Cut, Partition, partition
from blameline.shifts.rhythm import rhythm, without_outliers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from blameline.fit import Fit
    from blameline.shifts.moves import Move

Floats = NDArray[np.float64]

FEWEST = 12
"""Observations below which nothing is said."""
ROUNDING = 1e-13
"""Spread, as a share of the largest value, that is nothing but rounding."""


class Segments:
    """Level and slope in pieces, by least description length."""

    name = "segments"

    def find(self, fit: Fit, *, better: str, seed: int) -> list[Move]:
        """Every change of the mean, the strongest first. ``seed`` is not used: nothing is drawn."""
        del seed
        series = series_of(fit)
        noise = np.where(np.isnan(series.values), np.inf, series.noise + FLOOR * _variance(series.values))
        found = pieces(series.values, 1 / noise, periods=series.periods)
        changes = [Change(cut.at, cut.places, cut.weights, cut.gain, sloped=cut.sloped) for cut in found.cuts]
        if found.drift > 0:  # it was under way when the window began
            changes.insert(0, Change(0, np.array([1]), np.ones(1), found.drift, sloped=True))
        return moves_from(fit, series, changes, better=better)


def segment(values: Floats, weights: Floats | None = None, *, periods: Iterable[int] | None = None) -> list[Cut]:
    """The changes in a series, in order; a trend over all of it is none. As ``pieces``."""
    return list(pieces(values, weights, periods=periods).cuts)


def pieces(values: Floats, weights: Floats | None = None, *, periods: Iterable[int] | None = None) -> Partition:
    """A series in pieces: one number a bucket, NaN where there is none.

    ``weights`` are inverse variances up to a factor, all alike where absent; ``periods`` are the rhythms that it may have, in
    buckets, and any where absent. Under ``FEWEST`` numbers, or where all are equal, it is one piece.
    """
    seen = ~np.isnan(values)
    if seen.sum() < FEWEST:
        return Partition((), 0.0)
    filled = np.interp(np.arange(len(values)), np.flatnonzero(seen), values[seen])
    weight = np.where(seen, np.ones(len(values)) if weights is None else weights, 0.0)
    weight = weight / weight[seen].mean()
    beat = rhythm(filled, periods)
    plain = without_outliers(filled - beat)
    plain = plain - np.average(plain, weights=weight)
    scale = float(np.sqrt(np.average(plain**2, weights=weight)))
    if scale <= ROUNDING * float(np.abs(filled).max()):
        return Partition((), 0.0)
    return partition(plain / scale, weight)


def _variance(values: Floats) -> float:
    return float(np.nanvar(values)) if (~np.isnan(values)).any() else 0.0
