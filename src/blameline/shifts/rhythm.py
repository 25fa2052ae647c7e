"""A series without its rhythm and without its outliers, so that neither is cut into pieces.

A rhythm counts only if it foretells: the profile of the first half of the periods must explain the second half and the other way
round. One that began or grew along the way is a change, not a rhythm, and stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterable

Floats = NDArray[np.float64]

FORETOLD = 0.25
"""Share of the variance around the moving mean that each half must explain of the other."""
BETTER = 0.02
"""By how much a longer period must explain more than a shorter one."""
LONGEST = 200
"""The longest period looked for where none is known."""
REACH = 3
"""Neighbours on either side by which an outlier is told."""
FAR = 4.0
"""Robust standard deviations from the median of the neighbours beyond which a value is drawn in (Hampel 1974)."""


def rhythm(values: Floats, periods: Iterable[int] | None = None) -> Floats:
    """The rhythm that explains most, with mean zero; all zeros where there is none.

    ``values`` has one entry a bucket and no gaps; ``periods`` are the candidates in buckets, each seen at least four times, and
    all from 4 on where absent.
    """
    size = len(values)
    best, least = np.zeros(size), FORETOLD
    candidates = range(4, LONGEST + 1) if periods is None else sorted(set(periods))
    for period in candidates:
        if not 4 <= period <= size // 4:
            continue
        share, profile = _profile(values, period)
        if share > least:
            best, least = profile[np.arange(size) % period], share + BETTER
    return best


def _profile(values: Floats, period: int) -> tuple[float, Floats]:
    """The share that each half of the series foretells of the other, the lesser of the two, and the profile of the whole."""
    flat = np.full(period, 1 / period)
    kernel = flat if period % 2 else np.convolve(flat, [0.5, 0.5])
    edge = len(kernel) // 2
    rest = values[edge : len(values) - edge] - np.convolve(values, kernel, "valid")
    phase = (np.arange(len(values)) % period)[edge : len(values) - edge]
    low, high = np.percentile(rest, [10, 90])
    rest = np.clip(rest, low - 1.5 * (high - low), high + 1.5 * (high - low))
    middle = len(rest) // 2
    halves = (slice(0, middle), slice(middle, None))
    profiles = [_means(phase[half], rest[half], period) for half in halves]
    shares = []
    for half, other in zip(halves, reversed(profiles), strict=True):
        size = float((rest[half] ** 2).sum())
        shares.append(1 - float(((rest[half] - other[phase[half]]) ** 2).sum()) / size if size > 0 else 0.0)
    profile = _means(phase, rest, period)
    return min(shares), profile - profile.mean()


def _means(phase: NDArray[np.int64], values: Floats, period: int) -> Floats:
    counts = np.bincount(phase, minlength=period)
    means: Floats = np.bincount(phase, values, minlength=period) / np.maximum(counts, 1)
    return means


def without_outliers(values: Floats) -> Floats:
    """Values far from the median of their neighbours drawn in to ``FAR``; a series of fewer than 20 is left as it is."""
    if len(values) < 20:
        return values
    padded = np.pad(values, REACH, mode="edge")
    middle = np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * REACH + 1), axis=1)
    rest = values - middle
    scale = max(float(np.median(np.abs(rest))) / 0.6745, 0.02 * float(np.std(values)))
    drawn: Floats = middle + np.clip(rest, -FAR * scale, FAR * scale)
    return drawn
