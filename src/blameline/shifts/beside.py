"""What moved beside a shift: one cheap difference in place of the model that a shift is found with.

In come the requests of a signal by day and segment, the days counted from the onset on; out comes the change since then at
an unchanged mix of segments: least squares of the day means on segment and "after", weighted by requests. Its variance is
clustered by day, separately on both sides, with Welch's degrees of freedom (Welch 1947), so that two quiet days do not
prove a thing. Several signals are held to one error rate (Holm 1979).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtr, stdtrit

from blameline.cells.grid import sums
from blameline.records import Interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from blameline.cells import Cells

FEWEST_DAYS = 2
"""On either side, below which nothing is said."""
FEWEST = 50
"""Requests on either side, below which nothing is said."""
LEVEL = 0.05
"""Chance that one of several signals that did not move is told to have moved."""


@dataclass(frozen=True)
class Step:
    """The change of one signal's mean, in its own unit."""

    before: float
    delta: float
    error: float
    freedom: float
    n_before: int
    n_after: int

    @property
    def interval(self) -> Interval:
        """The change with its 90% interval."""
        reach = float(stdtrit(self.freedom, 0.95)) * self.error
        return Interval(estimate=self.delta, low=self.delta - reach, high=self.delta + reach)

    @property
    def chance(self) -> float:
        """Two-sided chance of such a change where there is none."""
        if not self.error:
            return 1.0 if not self.delta else 0.0
        return float(2 * stdtr(self.freedom, -abs(self.delta) / self.error))


def step(
    day: NDArray[np.int64], segment: NDArray[np.int64], n: NDArray[np.float64], total: NDArray[np.float64]
) -> Step | None:
    """The change from days below 0 to days from 0 on; ``None`` where a side has too few days or requests to tell.

    Arrays of one length, one entry a day and segment with ``n >= 1``.
    """
    late = day >= 0
    days = [len(np.unique(day[side])) for side in (~late, late)]
    counts = [float(n[side].sum()) for side in (~late, late)]
    if min(days) < FEWEST_DAYS or min(counts) < FEWEST:
        return None
    groups, number = np.unique(segment, return_inverse=True)
    whole = sums(number, n, len(groups))
    x = late - (sums(number, n * late, len(groups)) / whole)[number]
    weight = float(n @ (x * x))
    if weight <= 0:
        return None
    level = (sums(number, total, len(groups)) / whole)[number]
    delta = float((total - n * level) @ x) / weight
    rest = (total - n * level) - n * delta * x
    _, at = np.unique(day, return_inverse=True)
    scores = sums(at, x * rest) / weight
    after = np.bincount(at, late) > 0
    parts = [float((scores[side] ** 2).sum()) * k / (k - 1) for side, k in zip((~after, after), days, strict=True)]
    variance = sum(parts)
    spread = sum(part**2 / (k - 1) for part, k in zip(parts, days, strict=True))
    return Step(
        before=float(total[~late].sum() / counts[0]),
        delta=delta,
        error=float(np.sqrt(variance)),
        freedom=variance**2 / spread if spread > 0 else float(min(days) - 1),
        n_before=int(counts[0]),
        n_after=int(counts[1]),
    )


def step_in(cells: Cells, begin: float, end: float, segment: dict[str, str]) -> Step | None:
    """The same of the cells of a signal, from ``begin`` on until ``end``, in hours, in one segment."""
    kept = cells.inside(segment) & (cells.hours <= end)
    day = np.floor((cells.hours[kept] - begin) / 24).astype(np.int64)
    return step(day, cells.segment[kept], cells.n[kept], cells.total[kept])


def moved(steps: Sequence[Step | None]) -> list[bool | None]:
    """Which of them moved, all together held to ``LEVEL``; ``None`` where it cannot be told."""
    told = sorted((one.chance, place) for place, one in enumerate(steps) if one is not None)
    answers: list[bool | None] = [None if one is None else False for one in steps]
    for rank, (chance, place) in enumerate(told):
        if chance * (len(told) - rank) > LEVEL:
            break
        answers[place] = True
    return answers
