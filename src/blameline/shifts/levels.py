"""What each combination of segment values is usually worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from blameline.cells.grid import sums

if TYPE_CHECKING:
    from blameline.cells import Cells

Floats = NDArray[np.float64]

BLOCK = 48.0
"""Hours that are compared within themselves when levels are told."""


def levels(cells: Cells, among: NDArray[np.bool_] | None = None) -> Floats:
    """The usual level of each combination of segment values, one entry a segment number; ``among`` limits the cells."""
    chosen = np.ones(len(cells.n), dtype=bool) if among is None else among
    sets = len(cells.segments)
    if not chosen.any():
        return np.zeros(sets)
    n = cells.n[chosen]
    if sets < 2:
        return np.full(sets, float(cells.total[chosen].sum() / n.sum()))
    block = np.unique((cells.hours[chosen] // BLOCK).astype(np.int64), return_inverse=True)[1]
    used, where = np.unique(block * sets + cells.segment[chosen], return_inverse=True)
    weight = sums(where, n)
    mean = sums(where, cells.total[chosen]) / weight
    segment, single = used % sets, _singles(cells)
    times = (used[:, None] // sets == np.arange(int(block.max()) + 1)[None, :]).astype(float)
    design = np.hstack([single[segment], times])
    ridge = np.concatenate([np.full(single.shape[1], 4.0), np.full(times.shape[1], 1e-6)])
    worth = np.linalg.solve(design.T @ (design * weight[:, None]) + np.diag(ridge), design.T @ (weight * mean))
    of_set = sums(segment, weight, sets)
    rest = sums(segment, weight * (mean - design @ worth), sets)
    own = np.divide(rest, of_set, out=np.zeros(sets), where=of_set > 0)
    spread, known = _spread(cells, chosen), of_set > 0
    excess = float(of_set @ own**2) - spread * max(int(known.sum()) - single.shape[1], 0)
    scale = float(of_set.sum() - (of_set @ of_set) / of_set.sum())
    between = max(excess / scale, 0.0) if scale > 0 else 0.0  # DerSimonian and Laird 1986
    shrunk = of_set * between / (of_set * between + spread)
    usual = float(n @ worth[single.shape[1] :][block]) / float(n.sum())
    result: Floats = single @ worth[: single.shape[1]] + usual + shrunk * own
    return np.clip(result, 0.0, 1.0) if cells.signal.bounded else result


def _singles(cells: Cells) -> Floats:
    """Segments x values: which value of which attribute each combination has."""
    pieces = []
    for key in sorted({key for segment in cells.segments for key in segment}):
        values = [segment.get(key) for segment in cells.segments]
        pieces += [[one == value for one in values] for value in sorted({one for one in values if one is not None})]
    return np.array(pieces, dtype=float).T if pieces else np.zeros((len(cells.segments), 0))


def _spread(cells: Cells, chosen: NDArray[np.bool_]) -> float:
    """Variance of one request around the mean of its segment."""
    sets = len(cells.segments)
    n = np.bincount(cells.segment[chosen], cells.n[chosen], minlength=sets)
    total = np.bincount(cells.segment[chosen], cells.total[chosen], minlength=sets)
    left = cells.square[chosen].sum() - np.divide(total**2, n, out=np.zeros(sets), where=n > 0).sum()
    scale = float(cells.square[chosen].sum() / n.sum())
    return max(float(left) / max(float(n.sum()) - 1, 1.0), 1e-9 * scale, 1e-300)
