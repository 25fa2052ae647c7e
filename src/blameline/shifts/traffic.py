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

from blameline.fit import Fit
from blameline.shifts.levels import levels
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
        sized = replace(
            move, effect=float(told.estimate[0]), error=error, toll=0.0
        )  # what noise did to it says nothing of the mean
        return replace(sized, segment={}, column=level[cells.bucket])
    return None
