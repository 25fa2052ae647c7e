"""Signals that are counted in logs, told in their own unit: a level as what was counted, a change as a factor.

A unit such as ``log of tokens, capped at 10,000,000`` or ``log of 1 + millionths of a dollar`` comes in; no log goes out.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from blameline.records import Interval

_LOG = re.compile(r"log of (?P<more>1 \+ )?(?:the )?(?:number of )?(?P<what>[^,]+)")
_MOST = 500.0


def logged(unit: str) -> bool:
    """Whether values of this unit are logs."""
    return bool(_LOG.match(unit))


def counted(value: float, unit: str) -> tuple[float, str]:
    """A level in logs as what was counted, and the unit of that."""
    found = _LOG.match(unit)
    if found is None:
        return value, unit
    plain = math.exp(min(value, _MOST)) - bool(found["more"])
    return float(f"{plain:.4g}"), found["what"]


def factor(change: float) -> str:
    """A change of a log as a factor: ``×4.1``."""  # noqa: RUF002  the sign for times
    return f"×{float(f'{math.exp(min(change, _MOST)):.3g}'):,g}"


def factors(change: Interval) -> str:
    """The same with its interval."""
    return f"{factor(change.estimate)} [{factor(change.low)}, {factor(change.high)}]"
