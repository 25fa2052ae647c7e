"""Ranking by correlation: whose exposure goes along with the fall of the signal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from baselines.ground import each_shift, harm
from blameline.candidates import variants

if TYPE_CHECKING:
    from typing import Any

    from baselines.ground import Floats, Ground


def weighted(one: Floats, other: Floats, weight: Floats) -> float:
    """The correlation of two columns, each entry counted ``weight`` times; 0 where one of them is constant."""
    one, other = (values - np.average(values, weights=weight) for values in (one, other))
    spread = float(np.sqrt((weight @ one**2) * (weight @ other**2)))
    return float(weight @ (one * other)) / spread if spread > 0 else 0.0


def _most_alike(ground: Ground, shift: dict[str, Any]) -> str | None:
    """Over the cells of the shift's segment: hour x versions x segment, so that it sees who carried what in the same hour.

    On the tuning half that does better than the means of hours, and than the whole traffic.
    """
    cells = ground.cells(shift["signal"])
    inside = cells.inside(shift["segment"])
    value = harm(cells.signal) * np.divide(cells.total, cells.n)[inside]
    ranked = [
        (weighted(variants(one, cells, []).columns[inside, 0], value, cells.n[inside]), one.id)
        for one in ground.candidates
    ]
    return max(ranked, default=(0.0, None))[1]


by_correlation = each_shift(_most_alike)
"""The candidate whose recorded exposure correlates most with the harm over the cells."""
