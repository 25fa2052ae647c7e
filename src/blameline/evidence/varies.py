"""How far an effect differs from segment to segment, and what that leaves open about its mean.

A model that gives the change one effect takes its error from the noise of requests and days. Where tenants, tasks or regions
differ in how hard they are hit, or drift apart by themselves, the mean over them is less certain than that. By attribute, with
``b_v`` the effect inside value ``v``, ``w_v`` its share of the exposed requests and ``t^2`` the variance between values
(DerSimonian and Laird 1986), the mean has ``t^2 sum w_v^2`` more variance. An effect has one mean, however it is cut: the
attributes' answers are averaged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from blameline.fit import Fit

Floats = NDArray[np.float64]
LEAST = 0.01
"""Share of the exposed requests below which a value is not looked at."""
MOST = 60
"""Values of an attribute above which it is no segment but a name of each request."""


def between_segments(fit: Fit, column: Floats) -> float:
    """Standard error, in the signal's unit, that a column's effect has from differing between segments; 0 where it does not."""
    found = [_between(fit, column, key) for key in sorted({key for segment in fit.cells.segments for key in segment})]
    told = [one for one in found if one is not None]
    return float(np.sqrt(np.mean(told))) if told else 0.0


def _between(fit: Fit, column: Floats, key: str) -> float | None:
    """Variance of the mean effect by one attribute; ``None`` where it has no two values to compare."""
    cells = fit.cells
    values = sorted({segment[key] for segment in cells.segments if segment.get(key) is not None})
    if not 2 <= len(values) <= MOST:
        return None
    inside = np.column_stack([column * cells.inside({key: value}) for value in values])
    weight = cells.n @ inside
    inside, weight = inside[:, weight > LEAST * weight.sum()], weight[weight > LEAST * weight.sum()]
    told = fit.scores(inside)
    known = told.information > 0
    if known.sum() < 2:
        return None
    precision, effect = told.information[known], told.estimate[known]
    share = weight[known] / weight[known].sum()
    mean = float(precision @ effect / precision.sum())
    excess = float(precision @ (effect - mean) ** 2) - (len(effect) - 1)
    scale = float(precision.sum() - (precision**2).sum() / precision.sum())
    return max(excess, 0.0) / scale * float(share @ share)
