"""When a move that came gradually was all there: the end of its ramp, over every beginning and length that it may have had."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from blameline.shifts.shapes import clock_of, profile

if TYPE_CHECKING:
    from blameline.fit import Fit
    from blameline.shifts.moves import Move

Floats = NDArray[np.float64]

SHORTEST = 12.0
"""Hours that the shortest ramp takes."""
LENGTHS = 36
"""Lengths tried, evenly on the log scale up to twice the window: a ramp may still be under way when the data ends."""
LEAST = 1e-3
"""Posterior of a beginning, against that of the likeliest one, below which it is left out."""


def bottoms(fit: Fit, move: Move) -> tuple[Floats, Floats]:
    """Possible ends of a move's ramp in hours, and their posterior; none where it was likely under way until the data ends."""
    cells = fit.cells
    begins = move.moments[move.weights > LEAST * move.weights.max()]
    lengths = np.geomspace(SHORTEST, max(2 * cells.span_hours, 2 * SHORTEST), LENGTHS)
    begin, length = (one.ravel() for one in np.meshgrid(begins, lengths, indexing="ij"))
    width = cells.width / 3600
    profiles = profile(clock_of(fit), begin, np.full(len(begin), move.over), length, width)
    inside = cells.inside(move.segment) if move.segment else None
    scores = fit.over_time(inside).scores(profiles)
    logs = scores.log_factor(fit.slab, sign=1 if move.effect > 0 else -1)
    posterior = np.exp(logs - logs.max())
    ends, place = np.unique(np.round((begin + length) / width) * width, return_inverse=True)
    weights = np.bincount(place, posterior, minlength=len(ends))
    seen = ends < min(cells.span_hours, move.over)
    if weights[seen].sum() < weights.sum() / 2:
        return np.zeros(0), np.zeros(0)
    return ends[seen], weights[seen] / weights[seen].sum()
