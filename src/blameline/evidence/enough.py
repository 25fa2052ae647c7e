"""How much would be enough: what a question that cannot be answered yet would take."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from blameline.evidence.hearing import Hearing

POWER = 1.645 + 0.84
"""Normal quantiles for a one-sided 5% test with 80% power."""


def whole(hearing: Hearing) -> float:
    """The size of the shift, without its sign."""
    return abs(hearing.shift.delta.estimate)


def from_scratch(hearing: Hearing) -> float:
    """Requests, half of them with and half without, that would show an effect as large as the shift (``POWER``)."""
    target = whole(hearing)
    return max(40.0, 4 * hearing.fit.sigma2 * (POWER / target) ** 2) if target else math.inf


def more_of(n: float, error: float, hearing: Hearing) -> float:
    """How many there would have to be, where ``n`` leave an effect with this standard error, to show one as large as the shift.

    Where ``n`` are enough for that, one half as large; and twice ``n`` where they are enough for that too, and it is still open.
    """
    target = whole(hearing)
    if not target or not math.isfinite(error):
        return math.inf
    for size in (target, target / 2):
        if (needed := n * (POWER * error / size) ** 2) > n:
            return needed
    return 2 * n


def about(n: float) -> str:
    """A number that would be enough, in words: two digits, rounded up."""
    if not math.isfinite(n) or n > 1e12:
        return "more than can be counted"
    unit = 10 ** max(len(str(math.ceil(n))) - 2, 0)
    return f"{math.ceil(math.ceil(n) / unit) * unit:,}"
