"""Where a share rose at once: flags in order of time in, the place with its limits out.

It is the split with the largest likelihood of two binomials; every split less than ``SURE`` below it may be meant as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from blameline.candidates.stamp import Flags, Numbers

SURE = 7.0
"""In log likelihood: two binomials this much worse than the best place are out (about 1 in 5,000)."""
CLEAR = 10.0
"""In log likelihood: how much better a step must be than none. Requests of one user or hour move together, so it is much."""


@dataclass(frozen=True)
class Rise:
    """A share that rose at one moment; times in microseconds since the window's start."""

    at: int
    low: int
    high: int
    """It rose somewhere between these."""
    before: float
    after: float
    """Shares."""
    n_before: int
    n_after: int


def rise(began: Numbers, carries: Flags) -> Rise | None:
    """Where the share of what ``carries`` marks rose at once; ``None`` where it did not, or where that is not clear."""
    n = len(carries)
    if n < 2 or carries.all() or not carries.any():
        return None
    hits = np.cumsum(carries)[:-1].astype(float)
    left = np.arange(1, n, dtype=float)
    whole = float(carries.sum())
    gain = _fit(hits, left) + _fit(whole - hits, n - left) - _fit(np.array([whole]), np.array([float(n)]))
    up = (whole - hits) / (n - left) > hits / left
    gain = np.where(up & (began[1:] > began[:-1]), gain, -np.inf)
    best = int(np.argmax(gain))
    if not np.isfinite(gain[best]) or gain[best] < CLEAR:
        return None
    close = np.flatnonzero(gain > gain[best] - SURE)
    return Rise(
        at=int(began[best + 1]),
        low=int(began[close[0]]),
        high=int(began[close[-1] + 1]),
        before=float(hits[best] / left[best]),
        after=float((whole - hits[best]) / (n - left[best])),
        n_before=int(left[best]),
        n_after=int(n - left[best]),
    )


def _fit(hits: np.ndarray, n: np.ndarray) -> np.ndarray:
    """The log likelihood of each part at its own share."""
    share = hits / n
    with np.errstate(divide="ignore", invalid="ignore"):
        yes = np.where(hits > 0, hits * np.log(share), 0.0)
        no = np.where(hits < n, (n - hits) * np.log1p(-share), 0.0)
    result: np.ndarray = yes + no
    return result
