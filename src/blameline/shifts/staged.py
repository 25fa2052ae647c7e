"""Which requests a loss reached, read from the counts alone: a rollout of a collector's policy goes region by region.

Falls are taken one after the other, the largest first, each of one value of a segment attribute or of all traffic, until the
next is not worth its price (forward selection; each fall pays for the moments and slices that were looked at). The signal is not
looked at, so one column comes out whose Bayes factor pays for no search.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from blameline.shifts.tallies import SLAB, Kind, Tallies

if TYPE_CHECKING:
    from blameline.fit import Fit
    from blameline.shifts.tallies import Tally

Floats = NDArray[np.float64]
MOST = 5
"""Falls that one loss may have."""
WORTH = 3.0
"""Log Bayes factor that each fall must bring beyond its price."""
TOGETHER = 120.0
"""Hours within which the stages of one rollout lie."""


def staged(fit: Fit, tallies: Tallies, kind: Kind) -> tuple[Floats, float] | None:
    """The share lost in each cell of the signal as a column with maximum 1, and that maximum; ``None`` without two falls."""
    cells = fit.cells
    keys = sorted({key for segment in cells.segments for key in segment})
    best: tuple[float, Floats] | None = None
    for key in keys:
        tally = tallies.tally(kind, (key,))
        if tally is None:
            continue
        gained, falls = _falls(tally)
        if best is None or gained > best[0]:
            column = np.zeros(len(cells.n))
            for group, begin, lost in falls:
                place = dict(tally.groups[group]) if group is not None else {}
                if "" in place:
                    continue
                column += lost * (cells.inside(place) & (cells.hours > begin))
            best = (gained, column)
    if best is None or not best[1].any():
        return None
    most = float(best[1].max())
    return (best[1] / most, min(most, 0.95)) if most > 0 else None


def _falls(tally: Tally) -> tuple[float, list[tuple[int | None, float, float]]]:
    """What the falls bring beyond their price, and each one's group (``None``: all), hour of beginning and lost share."""
    cells = tally.fit.cells
    groups = len(tally.groups)
    begins = np.arange(2, cells.buckets - 1)
    own = np.hstack([np.ones((len(cells.n), 1)), (cells.segment[:, None] == np.arange(groups)[None, :]).astype(float)])
    late = (cells.bucket[:, None] >= begins[None, :]).astype(float)
    columns = (own[:, :, None] * late[:, None, :]).reshape(len(cells.n), -1)
    hours = np.tile(begins * cells.width / 3600, groups + 1)
    number = np.repeat(np.arange(groups + 1), len(begins))
    price = float(np.log(columns.shape[1]))
    gained, found, fit = 0.0, list[tuple[int | None, float, float]](), tally.fit
    near = np.ones(columns.shape[1], dtype=bool)
    while len(found) < MOST and near.any():
        scores = fit.scores(columns[:, near])
        logs = scores.log_factor(SLAB * tally.level, sign=-1)
        at = int(np.argmax(logs))
        if logs[at] - price < WORTH:
            break
        where = int(np.flatnonzero(near)[at])
        estimate = float(scores.estimate[at])
        lost = -float(np.expm1(estimate)) if tally.level == 1.0 else -estimate / tally.level
        gained += float(logs[at]) - price
        found.append((int(number[where]) - 1 if number[where] else None, float(hours[where]), lost))
        near &= np.abs(hours - found[0][1]) <= TOGETHER
        fit = fit.given(columns[:, [where]])
    return gained, found
