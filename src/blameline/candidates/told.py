"""Words for the sentences about changes: moments in UTC, how long something took, counts and shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

LONGEST = 80
"""Letters of a value inside a sentence; the field beside it has all of them."""


def minute(moment: datetime) -> str:
    """A moment to the minute, in UTC."""
    return f"{moment:%Y-%m-%d %H:%M}"


def lasting(seconds: float) -> str:
    """How long something took, to the minute: ``2 h 24 min``."""
    minutes = abs(round(seconds / 60))
    days, rest = divmod(minutes, 24 * 60)
    hours, left = divmod(rest, 60)
    parts = [f"{days} d" if days else "", f"{hours} h" if hours else "", f"{left} min" if left and not days else ""]
    return " ".join(part for part in parts if part) or "under a minute"


def count(n: int, noun: str = "request") -> str:
    """A count with its noun."""
    return f"{n:,} {noun if n == 1 else noun + 's'}"


def share(part: float) -> str:
    """A share in words: none, all, or a percentage between."""
    if part in {0, 1}:
        return "all" if part else "none"
    if 0 < part < 0.01:
        return "<1%"
    return ">99%" if 0.99 < part < 1 else f"{part:.0%}"


def short(value: str) -> str:
    """A value, its end left out where it is long."""
    return value if len(value) <= LONGEST else f"{value[: LONGEST - 1]}…"
