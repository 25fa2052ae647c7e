"""How many requests an experiment needs: the loss that is looked for and the spread of a pair in, numbers and powers out.

The bounds are those that the check ``replay`` judges by: a factor is guilty from ``CLEAR`` standard errors, and cleared when
the upper end of its 90% interval stays below a quarter of the shift.
"""

from __future__ import annotations

import math

from scipy.special import ndtr

CLEAR = 1.96
"""Standard errors from which a replayed effect speaks (two-sided 5%)."""
ABOVE = 1.6449
"""Standard errors to the upper end of a 90% interval."""
QUANTILE = 0.8416
"""Normal quantile of 80% power."""
ENOUGH = 0.25
"""Share of the shift below which an effect does not matter."""
FEWEST = 20
MOST = 5000


def to_convict(effect: float, spread: float) -> int:
    """Requests for 80% power to see a factor that did ``effect``; ``spread`` is that of one request's difference."""
    return _bounded(((CLEAR + QUANTILE) * spread / max(effect, 1e-9)) ** 2)


def to_clear(target: float, spread: float) -> int:
    """Requests for 80% power to rule out that an innocent factor made a quarter of ``target``."""
    return _bounded(((ABOVE + QUANTILE) * spread / max(ENOUGH * target, 1e-9)) ** 2)


def convicts(n: int, effect: float, spread: float) -> float:
    """Power with ``n`` requests to see a factor that did ``effect``."""
    return float(ndtr(effect * math.sqrt(n) / max(spread, 1e-9) - CLEAR))


def clears(n: int, target: float, spread: float) -> float:
    """Power with ``n`` requests to rule an innocent factor out."""
    return float(ndtr(ENOUGH * target * math.sqrt(n) / max(spread, 1e-9) - ABOVE))


def _bounded(needed: float) -> int:
    """Rounded up to tens, and within reason."""
    return int(min(max(FEWEST, math.ceil(min(needed, MOST) / 10) * 10), MOST))
