"""Did the traffic move in a way that costs something? A series in which answers have no part.

Each combination of segment values has a usual level, told from contrasts within the same two days, so that a fault of the app
does not pass for a weak segment; combinations that are rarely seen lean on what their single values are worth (empirical
Bayes; Efron and Morris 1975). What the levels and the shares of an hour predict for its mean is a series without the noise of
single answers: a move of the mix stands out of it long before it stands out of the plain mean, and its hour is known better.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from blameline.cells.grid import sums
from blameline.fit import Fit
from blameline.shifts.moves import Move, find

if TYPE_CHECKING:
    from blameline.cells import Cells

Floats = NDArray[np.float64]

MATERIAL = 2.0
"""Standard errors of the plain mean that the mix's own move must amount to: less is what chance does to the mean anyhow."""
AGREES = 1.0
"""Standard errors by which the plain mean must have moved to the same side."""
BRIEF = 72.0
"""Hours that the traffic must stay otherwise: a weekend has other users every time."""
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


def expected(cells: Cells, level: Floats) -> Cells:
    """The cells as they would read if every request had come out at its segment's level: one a bucket."""
    here = level[cells.segment]
    return replace(cells, total=cells.n * here, square=cells.n * here**2).pooled()


def traffic_move(fit: Fit, plain: Fit, *, better: str, seed: int) -> Move | None:
    """The move for the worse of the mean that the traffic made by itself, if it made one that matters.

    ``plain`` is the fit of the pooled cells. The move is dated on what the traffic predicts and sized on the plain mean.
    ``None`` where the traffic did not move or came back within ``BRIEF`` hours, where its move is lost in what chance does to
    the plain mean, or where the mean did not follow.
    """
    cells = fit.cells
    harm = -1 if better == "higher" else 1
    series = expected(cells, levels(cells))
    mean = series.total / series.n
    usual = float(series.total.sum() / series.n.sum())
    if float(series.n @ (mean - usual) ** 2) < MATERIAL**2 * plain.sigma2:
        return None  # whatever its shape, no move of this series can be worth so many standard errors
    model = Fit(series)
    for move in find(model, better=better, seed=seed):
        lasted = (
            float(move.ends[np.argmax(move.end_weights)] - move.moments[np.argmax(move.weights)])
            if move.ends.size
            else np.inf
        )
        if not move.worse or lasted < BRIEF:
            continue
        level = np.zeros(cells.buckets)
        level[series.bucket] = move.column
        column = level[plain.cells.bucket]
        told = plain.scores(column[:, None])
        error = float(told.error[0])
        if (
            not np.isfinite(error)
            or harm * move.effect < MATERIAL * error
            or harm * float(told.estimate[0]) < AGREES * error
        ):
            continue
        return replace(move, segment={}, effect=float(told.estimate[0]), error=error, column=level[cells.bucket])
    return None
