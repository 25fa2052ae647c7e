"""The variances of the model: what a request, a bucket and a day of a group vary by, chosen by REML."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from blameline.cells import Cells

Floats = NDArray[np.float64]

SHOCKS = (1e-4, 0.01, 0.02, 0.04, 0.07, 0.12, 0.2, 0.35)
"""Grid for the standard deviations of ``u``, ``v`` and ``w``, in units of ``s``."""
MEMORY = (0.3, 0.6, 0.8, 0.92, 0.97)
"""Grid for the correlation of ``u`` between neighbouring buckets of three hours."""
GRIDS = (SHOCKS, MEMORY, SHOCKS, SHOCKS)
RARELY = 114.0
"""Rate of the exponential prior on each of those (Simpson et al. 2017) for who says that nothing moved: 1% is above 0.04."""
START, CALM, DRIFT = (2, 1, 1, 2), (1, 0, 1, 1), (4, 3, 1, 1)
"""Where on the grids the climb begins, what counts as little noise, and where a climb finds noise that passes for moves."""

At = tuple[int, int, int, int]


@dataclass(frozen=True)
class Noise:
    """The variances; all but ``memory``, which is per bucket, in the signal's unit."""

    sigma2: float
    shock: float
    memory: float
    own: float
    """Standard deviation of a segment's day."""
    day: float
    """Standard deviation of a group's day; 0 where there are no groups."""
    at: At
    """Where that is on the grids."""


def noise_at(at: At, sigma2: float, width: int, *, grouped: bool) -> Noise:
    """The variances at one point of the grids; ``width`` is a bucket's length in seconds."""
    sigma, steps = float(np.sqrt(sigma2)), 10_800 / width
    shock, memory, own, day = (grid[i] for grid, i in zip(GRIDS, at, strict=True))
    return Noise(
        sigma2=sigma2,
        shock=shock * sigma,
        memory=memory ** (1 / steps),
        own=own * sigma if at[2] else 0.0,
        day=day * sigma if grouped else 0.0,
        at=at,
    )


def within(cells: Cells) -> float:
    """Variance of one request: pooled within cells, or around segment means where cells hold one request each."""
    spare = float((cells.n - 1).sum())
    if spare >= 200:
        inside = float((cells.square - cells.total**2 / cells.n).sum()) / spare
    else:
        n = np.bincount(cells.segment, cells.n)
        total = np.bincount(cells.segment, cells.total)
        left = cells.square.sum() - np.divide(total**2, n, out=np.zeros_like(n), where=n > 0).sum()
        inside = float(left) / max(float(cells.n.sum()) - 1, 1.0)
    scale = float(cells.square.sum() / cells.n.sum())
    return max(inside, 1e-6 * scale, 1e-300)


def rarity(cells: Cells) -> float:
    """Share of the rarer answer of a yes-or-no signal; 1/2 for any other signal."""
    n, total = float(cells.n.sum()), float(cells.total.sum())
    if not cells.signal.bounded or abs(float(cells.square.sum()) - total) > 1e-6 * total:
        return 0.5
    return max(min(total / n, 1 - total / n), 1e-6)


def reluctance(at: At, *, grouped: bool) -> float:
    """Minus the log of the prior of that much noise, but for a constant: a stream that drifts by itself is the exception."""
    spreads = [SHOCKS[at[0]], SHOCKS[at[2]], *([SHOCKS[at[3]]] if grouped else [])]
    return RARELY * sum(spreads)


def prior(noise: Noise, buckets: int, width: int) -> tuple[Floats, float]:
    """Inverse covariance of the shocks and the days of the groups, and the log of its determinant's inverse."""
    precision = np.zeros((width, width))
    shock, r = noise.shock, noise.memory
    outer = 1 / (shock**2 * (1 - r**2))
    index = np.arange(buckets)
    precision[index, index] = outer * (1 + r**2)
    if buckets:
        precision[0, 0] = precision[buckets - 1, buckets - 1] = outer if buckets > 1 else 1 / shock**2
    precision[index[:-1], index[1:]] = precision[index[1:], index[:-1]] = -outer * r
    log_size = buckets * np.log(shock**2) + max(buckets - 1, 0) * np.log(1 - r**2)
    if width > buckets:
        rest = np.arange(buckets, width)
        precision[rest, rest] = 1 / noise.day**2
        log_size += len(rest) * np.log(noise.day**2)
    return precision, float(log_size)


Criterion = Callable[[At], float]


def climb(criterion: Criterion, begin: At, *, grouped: bool) -> At:
    """The best point of the grids, one step along one axis at a time as long as it helps: the criterion is smooth there."""
    at, best, moved = begin, criterion(begin), True
    axes = range(4 if grouped else 3)
    while moved:
        moved = False
        for axis in axes:
            for step in (-1, 1):
                while 0 <= at[axis] + step < len(GRIDS[axis]):
                    trial = _beside(at, axis, step)
                    value = criterion(trial)
                    if value <= best:
                        break
                    at, best, moved = trial, value, True
    return at


def _beside(at: At, axis: int, step: int) -> At:
    """The next point along one axis."""
    moved = list(at)
    moved[axis] += step
    return moved[0], moved[1], moved[2], moved[3]


def between(one: At, other: At) -> list[At]:
    """The points on the way from one to the other, both ends included."""
    way: list[At] = []
    for part in (0.0, 0.25, 0.5, 0.75, 1.0):
        first, second, third, fourth = (round(a + (b - a) * part) for a, b in zip(one, other, strict=True))
        if (first, second, third, fourth) not in way:
            way.append((first, second, third, fourth))
    return way
