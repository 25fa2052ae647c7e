"""A mean that slides because the traffic does: more late turns of conversations every day, and no moment at which it began.

A detector of moves cannot tell a slide of a few points from days that wander. What the traffic foretells can: each turn of a
conversation in each segment has its usual level, told within two days (``levels``), so that no trend of the answers leaks in;
these levels and the shares of each day foretell its mean, and that series has no noise of answers in it. Its line over the days
must stand out of its own wandering and of what is not known of the levels (jackknife over days), must matter, and the mean must
have gone the same way, no less and no more than noise allows. A fall of the app at every turn leaves what is foretold as it was.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from blameline.cells.grid import sums
from blameline.fit import Fit
from blameline.records import HARM, Interval
from blameline.shifts.describe import Z90
from blameline.shifts.levels import levels
from blameline.shifts.moves import Move
from blameline.shifts.steps import smallest
from blameline.shifts.traffic import AGREES
from blameline.shifts.trends import drift

if TYPE_CHECKING:
    from blameline.cells import Cells
    from blameline.cells.turns import Turned

Floats = NDArray[np.float64]

CLEAR = 3.29
"""Standard errors by which what is foretold must fall (two-sided 0.1%)."""
FOLLOWS = 2.58
"""Standard errors within which the mean must do what is foretold (two-sided 1%)."""
LEAST = 0.03
"""Standard deviations of one request that the slide must come to: about a point of a share."""
OF_A_SHIFT = 1 / 3
"""Share of the smallest shift that would be found: a slide shows in all days together."""
DAY = 24.0
"""Hours."""


@dataclass(frozen=True, eq=False)
class Slide:
    """What the traffic made of the mean over the window."""

    move: Move
    cells: Cells
    """By turn: what the split of the mix is worked out on."""
    alike: Fit
    """The model of the scores at an equal traffic: what answers did by themselves."""
    foretold: float
    error: float
    """Change of the mean over the window that the traffic foretells, and its standard error."""

    def between(self, early: NDArray[np.bool_], late: NDArray[np.bool_]) -> dict[str, Interval]:
        """How far the mean's line went from the early cells to the late ones, of that over the whole window."""
        hours, n = self.cells.hours, self.cells.n
        middles = [float(n[one] @ hours[one] / n[one].sum()) for one in (early, late)]
        part = (middles[1] - middles[0]) / DAY / float(np.ptp(np.floor(hours / DAY)))
        effect, reach = part * self.move.effect, part * Z90 * self.move.error
        return {"delta": Interval(estimate=effect, low=effect - reach, high=effect + reach)}

    @property
    def log_factor(self) -> float:
        """Log Bayes factor of a line against wandering: a unit-information prior on the slope (Kass and Wasserman 1995)."""
        ratio = (self.foretold / self.error) ** 2
        return float(0.5 * ratio - 0.5 * np.log1p(ratio))


def slide(fit: Fit, turned: Turned) -> Slide | None:
    """The slide for the worse that the turns of conversations make by themselves; ``None`` where there is none that matters."""
    cells, signal = turned.cells, fit.cells.signal
    if signal.family not in HARM or signal.better is None:
        return None
    harm = -1 if signal.better == "higher" else 1
    day = np.floor(cells.hours / DAY)
    here = levels(cells)[cells.segment]
    line = drift(day, cells.n, cells.n * here)
    seen, rest = (drift(day, cells.n, total) for total in (cells.total, cells.total - cells.n * here))
    if line is None or seen is None or rest is None:
        return None
    length = float(np.ptp(day))
    foretold, error = length * line[0], length * float(np.hypot(line[1], _unknown(cells, day)))
    needed = max(LEAST * _spread(cells), OF_A_SHIFT * smallest(fit), AGREES * length * seen[1])
    if harm * foretold < max(CLEAR * error, needed):
        return None
    if harm * seen[0] < AGREES * seen[1] or abs(rest[0]) > FOLLOWS * rest[1]:
        return None
    column, moments, weights = _begun(fit.cells, cells, here * harm)
    told = Move(
        segment={},
        worse=True,
        evidence=0.0,
        moments=moments,
        weights=weights,
        effect=length * seen[0],
        error=length * seen[1],
        ends=np.zeros(0),
        end_weights=np.zeros(0),
        gradual=True,
        column=column,
    )
    found = Slide(told, cells, Fit(_at_equal(fit.cells, turned, here)), foretold, error)
    return replace(found, move=replace(told, evidence=found.log_factor))


def _unknown(cells: Cells, day: Floats) -> float:
    """Standard error of the slope a day for what is not known of the levels: one day left out at a time."""
    slopes = []
    for one in np.unique(day):
        line = drift(day, cells.n, cells.n * levels(cells, day != one)[cells.segment])
        slopes += [line[0]] if line else []
    told = np.array(slopes)
    return float(np.sqrt((len(told) - 1) / len(told) * ((told - told.mean()) ** 2).sum()))


def _spread(cells: Cells) -> float:
    """Standard deviation of one request."""
    n = float(cells.n.sum())
    return float(np.sqrt(max(cells.square.sum() / n - (cells.total.sum() / n) ** 2, 0.0)))


def _begun(whole: Cells, cells: Cells, harm: Floats) -> tuple[Floats, Floats, Floats]:
    """How far the slide had come, over the cells without turns, and moments at which it may be said to have begun.

    A slide begins at no moment: each has the share of it that had come by then as its weight, up to the day of its half.
    """
    day = np.floor(cells.hours / DAY).astype(np.int64)
    n = sums(day, cells.n)
    mean = np.divide(sums(day, cells.n * harm), n, out=np.zeros_like(n), where=n > 0)[n > 0]
    middle = (np.flatnonzero(n > 0) + 0.5) * DAY
    centre = middle - middle.mean()
    way = np.maximum.accumulate(np.convolve(np.pad(mean, 1, mode="edge"), np.full(3, 1 / 3), mode="valid"))
    if np.ptp(way) <= 0:
        way = centre
    share = (way - way[0]) / np.ptp(way)
    edges = np.arange(1, whole.buckets) * whole.width / 3600
    come = np.interp(edges, middle, share)
    kept = (come > 0) & (come <= 0.5)
    return np.interp(whole.hours, middle, share), edges[kept], come[kept] / come[kept].sum()


def _at_equal(whole: Cells, turned: Turned, here: Floats) -> Cells:
    """The cells without turns as they would read if the traffic had been alike all along."""
    cells = turned.cells
    usual = float(cells.n @ here / cells.n.sum())
    moved = sums(turned.whole, cells.n * (here - usual), len(whole.n))
    mean = whole.total / whole.n
    off = moved / whole.n
    return replace(
        whole,
        total=whole.total - moved,
        square=whole.square - 2 * off * mean * whole.n + whole.n * off**2,
        _memory={},
    )
