"""A peer's detector behind the seam, to compare with: PELT of the package ruptures (Killick, Fearnhead and Eckley 2012).

It is run as it is commonly run, on standardised bucket means with a squared-error cost and the modified BIC as penalty (Zhang and
Siegmund 2007). It knows neither how many measurements a bucket has, nor rhythm, nor autocorrelation, nor its doubt of a moment.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np

from blameline.errors import UnknownPlugin
from blameline.shifts.changes import Change, moves_from, series_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from blameline.fit import Fit
    from blameline.shifts.moves import Move

FEWEST = 12
"""Buckets with measurements below which nothing is said."""


class Ruptures:
    """PELT, from ``pip install blameline[peers]``."""

    name = "ruptures"

    def find(self, fit: Fit, *, better: str, seed: int) -> list[Move]:
        """Every change point as a move with no doubt about its moment, the one of largest gain first; ``seed`` is not used.

        Raises ``UnknownPlugin`` where the package ruptures is not installed.
        """
        del seed
        pelt = _pelt()
        series = series_of(fit)
        held = np.flatnonzero(~np.isnan(series.values))
        values = series.values[held]
        spread = float(values.std()) if len(values) else 0.0
        if len(values) < FEWEST or not spread > 1e-12 * float(np.abs(values).max()):
            return []
        values = (values - values.mean()) / spread
        penalty = 3 * float(np.log(len(values)))
        edges = [0, *pelt(model="l2", min_size=2, jump=1).fit(values[:, None]).predict(pen=penalty)]
        changes = [
            Change(int(held[at]), held[[at]], np.ones(1), _gain(values, before, at, after, penalty))
            for before, at, after in zip(edges[:-2], edges[1:-1], edges[2:], strict=True)
        ]
        return moves_from(fit, series, changes, better=better)


def _gain(values: NDArray[np.float64], before: int, at: int, after: int, penalty: float) -> float:
    """Half of what the penalised cost falls by with this change: nats under noise of variance 1."""
    left, right = values[before:at], values[at:after]
    fallen = len(left) * len(right) / (after - before) * float(left.mean() - right.mean()) ** 2
    return (fallen - penalty) / 2


def _pelt() -> type:
    try:
        found: type = import_module("ruptures").Pelt
    except ImportError:
        raise UnknownPlugin(
            "the detector 'ruptures' needs the package ruptures", hint="pip install blameline[peers]"
        ) from None
    return found
