"""Times and durations as people and programs write them: words in, a moment or a distance in time out.

What is neither is refused with a ``ValueError`` that says what to write instead.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from math import ceil

from pydantic import ValidationError, ValidatorFunctionWrapHandler

LONGEST = timedelta(days=3653)
"""How far off a time may be: ten years. More says nothing about a time."""
DAY = timedelta(days=1)
"""How far off a time may be where only its day is said."""
_DAY = re.compile(r"\d{4}-?\d\d-?\d\d")
_BASIC = re.compile(r"\d{8}(?:[Tt ].*)?")
_COUNT = re.compile(r"[+-]?\d+(?:\.\d*)?")
_SPOKEN = re.compile(r"\s*([+-]?\d+(?:\.\d+)?)\s*([A-Za-z]+)\s*")
_SPELT = {
    "ms msec msecs millisecond milliseconds": 0.001,
    "s sec secs second seconds": 1,
    "m min mins minute minutes": 60,
    "h hr hrs hour hours": 3600,
    "d day days": 86400,
    "w wk wks week weeks": 604800,
}
_SECONDS = {word: seconds for words, seconds in _SPELT.items() for word in words.split()}
_TIME = "write it as 2026-03-14 or 2026-03-14T09:12Z"
_DURATION = "write it as 30m, 2 hours, 3 days, 2 weeks or PT30M"


def written(value: object) -> object:
    """A basic date (``20260314``) as the date that it is; all else as it was, to be read by pydantic.

    Digits are a count since 1970 only where they are enough for one: a bare year and ``202603140912`` are refused.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return value
    said = str(value)
    if _BASIC.fullmatch(said):
        try:
            return datetime.fromisoformat(said)
        except ValueError:
            raise ValueError(f"not a date; {_TIME}") from None
    if _COUNT.fullmatch(said) and (abs(float(said)) < 1e8 or _packed(said)):
        raise ValueError(f"neither a date nor a count of seconds since 1970; {_TIME}")
    return value


def day_alone(value: object) -> bool:
    """True for a day without a time: it stands for its start, and what it names came somewhen in it."""
    return isinstance(value, str) and bool(_DAY.fullmatch(value.strip()))


def _packed(said: str) -> bool:
    """Date, hour and minute without a sign between them: as milliseconds they would all lie in 1976."""
    try:
        return len(said) == 12 and 1970 <= datetime.strptime(said + "Z", "%Y%m%d%H%M%z").year <= 2200
    except ValueError:
        return False


def within(value: datetime) -> datetime:
    """The same moment; raises ``ValueError`` for one that is not between 1970 and 2200 and so was never meant."""
    if not 1970 <= value.year <= 2200:
        raise ValueError(f"not a time between 1970 and 2200; {_TIME}")
    return value


def lasting(value: object, read: ValidatorFunctionWrapHandler) -> timedelta:
    """A duration in whole seconds, a fraction rounded up: ISO 8601, a number of seconds, or as people say it (``30 min``).

    Raises ``ValueError`` for one that is negative or longer than ``LONGEST``, and for a unit that is not known.
    """
    spoken = _SPOKEN.fullmatch(value) if isinstance(value, str) else None
    if spoken:
        unit = spoken.group(2)
        each = _SECONDS.get(unit if unit == "M" else unit.lower())  # a capital M may be a month
        seconds = float(spoken.group(1)) * each if each else None
    else:
        try:
            seconds = None if isinstance(value, bool) else read(value).total_seconds()
        except ValidationError:
            seconds = None
    if seconds is None:
        raise ValueError(f"not a duration that is known; {_DURATION}")
    if not 0 <= seconds <= LONGEST.total_seconds():
        raise ValueError("a duration below zero" if seconds < 0 else f"longer than {LONGEST.days} days")
    return timedelta(seconds=ceil(seconds))


def iso_duration(value: timedelta) -> str:
    """A duration as ISO 8601, in minutes where it can be: ``PT30M``; of a fraction of a second one second is made."""
    seconds = ceil(value.total_seconds())
    return f"PT{seconds // 60}M" if seconds % 60 == 0 else f"PT{seconds}S"
