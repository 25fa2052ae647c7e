"""A straight line over days, with an error that allows for days that are alike."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FEWEST = 15
"""Requests from which a day counts."""
DAYS = 7
"""Days that a line needs."""


def drift(day: Floats, n: Floats, total: Floats) -> tuple[float, float, float, float] | None:
    """Slope a day with its error, and the line's ends; ``None`` under a week. Neighbouring days share their noise.

    Least squares of the days' means; its error grows with how far a day remembers the one before, which a fitted line hides and
    which is put right by Kendall's bias (1954).
    """
    days, place = np.unique(day, return_inverse=True)
    counts = np.bincount(place, n)
    kept = counts >= FEWEST
    days, means = days[kept], (np.bincount(place, total) / counts)[kept]
    if len(days) < DAYS:
        return None
    centre = days - days.mean()
    spread = float(centre @ centre)
    slope = float(centre @ means) / spread
    rest = means - means.mean() - slope * centre
    plain = float(rest @ rest) / (len(days) - 2) / spread
    seen = float(rest[1:] @ rest[:-1]) / max(float(rest @ rest), 1e-300)
    memory = min(max((seen + 2 / len(days)) / (1 - 4 / len(days)), 0.0), 0.9)
    error = math.sqrt(plain * (1 + memory) / (1 - memory))
    ends = [float(means.mean() + slope * (end - days.mean())) for end in (days[0], days[-1])]
    return slope, error, ends[0], ends[1]
