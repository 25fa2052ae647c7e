"""Dips too short to be a shift: a few hours far below the half days on either side, told beside the shifts and never blamed.

Each run of buckets up to ``LONGEST`` is held against what came before and after, the worse of the two, once the usual hour of the
day and the usual level of each segment are taken out. The scale is robust, so that a stream which wanders sets a higher bar.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from blameline.cells.grid import sums
from blameline.records import Dip
from blameline.shifts.levels import levels

if TYPE_CHECKING:
    from blameline.fit import Fit

Floats = NDArray[np.float64]

LONGEST = 8.0
"""Hours up to which a dip is short."""
ASIDE = 12.0
"""Hours on either side that it is held against."""
FEWEST = 20
"""Measurements in the dip, and on either side of it."""
FAR = 6.0
"""Robust standard errors below which nothing is told: thousands of runs are looked at."""
DEEP = 0.2
"""How far a share must fall to be told."""
MOST = 3


def dips(fit: Fit) -> list[Dip]:
    """The short dips of one signal, the earliest first; none of a signal that is no share, or is counted by the day."""
    cells, every = fit.cells, fit.cells.width / 3600
    better = cells.signal.better
    if not cells.signal.bounded or better is None or cells.signal.control or every > LONGEST or cells.span_hours < 96:
        return []
    n = sums(cells.bucket, cells.n, cells.buckets)
    rest = sums(cells.bucket, cells.total - cells.n * levels(cells)[cells.segment], cells.buckets)
    rest -= n * _usual(np.divide(rest, n, out=np.full(cells.buckets, np.nan), where=n > 0), round(24 / every))
    harm = -1.0 if better == "higher" else 1.0
    found: list[tuple[float, int, int]] = []
    for length in range(1, int(LONGEST / every) + 1):
        far = _far(n, harm * rest, length, round(ASIDE / every), fit.sigma2)
        found += [(float(far[begin]), begin, begin + length) for begin in map(int, np.flatnonzero(far > FAR))]
    chosen: list[tuple[int, int]] = []
    for _, begin, end in sorted(found, reverse=True):
        if len(chosen) < MOST and all(end <= other or begin >= past for other, past in chosen):
            chosen.append((begin, end))
    return [_told(fit, begin, end) for begin, end in sorted(chosen)]


def _usual(values: Floats, period: int) -> Floats:
    """The median of each hour of the day, by bucket; 0 where nothing was measured at that hour."""
    phase = np.arange(len(values)) % period
    seen = ~np.isnan(values)
    told = np.array(
        [np.median(values[seen & (phase == one)]) if (seen & (phase == one)).any() else 0.0 for one in range(period)]
    )
    result: Floats = told[phase]
    return result


def _far(n: Floats, harm: Floats, length: int, aside: int, sigma2: float) -> Floats:
    """By first bucket of a run: how many robust standard errors it is worse than both of its sides; 0 where it cannot be told."""
    size = len(n)
    result = np.zeros(size)
    begins = np.arange(aside, size - length - aside + 1)
    if not len(begins):
        return result
    count, total = (np.concatenate([[0.0], np.cumsum(one)]) for one in (n, harm))

    def mean(first: NDArray[np.int64], last: NDArray[np.int64]) -> tuple[Floats, Floats]:
        held = count[last] - count[first]
        return held, np.divide(total[last] - total[first], held, out=np.zeros(len(first)), where=held > 0)

    (n0, before), (n1, run), (n2, after) = (
        mean(begins + low, begins + high) for low, high in ((-aside, 0), (0, length), (length, length + aside))
    )
    told = (n0 >= FEWEST) & (n1 >= FEWEST) & (n2 >= FEWEST)
    if not told.any():
        return result
    depth = run - np.maximum(before, after)
    error = np.sqrt(sigma2 * (1 / np.maximum(n1, 1.0) + 1 / np.maximum(np.minimum(n0, n2), 1.0)))
    far = (run - (before + after) / 2) / error
    scale = max(1.4826 * float(np.median(np.abs(far[told] - np.median(far[told])))), 1.0)
    result[begins] = np.where(told & (depth >= DEEP), depth / error / scale, 0.0)
    return result


def _told(fit: Fit, begin: int, end: int) -> Dip:
    cells, aside = fit.cells, round(ASIDE / (fit.cells.width / 3600))
    inside = (cells.bucket >= begin) & (cells.bucket < end)
    near = (cells.bucket >= begin - aside) & (cells.bucket < end + aside) & ~inside
    level, usual = (float(cells.total[one].sum() / cells.n[one].sum()) for one in (inside, near))
    since, until = (cells.moment(edge * cells.width / 3600) for edge in (begin, end))
    hours = (end - begin) * cells.width / 3600
    because = (
        f"{cells.signal.name} was at {100 * level:.0f}% for about {hours:g} h from {since:%Y-%m-%d %H:%M} UTC on, "
        f"and at {100 * usual:.0f}% in the half days before and after: shorter than what counts as a shift"
    )
    return Dip(
        signal=cells.signal.name,
        since=since,
        until=until,
        level=level,
        usual=usual,
        n=int(cells.n[inside].sum()),
        because=because,
    )
