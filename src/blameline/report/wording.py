"""Numbers become words: one place decides how a share, a rate, a moment or a delay is written.

Numbers and times in, short text out. A probability is never written as certain; a minus is a minus sign; every time
is UTC.
"""
# ruff: noqa: RUF002  a real minus sign is the house's

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from blameline.records import as_utc
from blameline.records.scale import counted, factors, logged

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from blameline.records import Interval, Onset, Shift, Signal

MINUS = "−"
_SIGNED_ZERO = re.compile(r"(?<![\w.])[−+-](0(?:\.0+)?)(?=%|\]|, | points)")
_UNITS = ("_ms", "ms", "_s", "seconds", "latency", "duration", "tokens", "cost", "usd", "count", "length", "chars")


def signed(value: float, decimals: int) -> str:
    """A number with a real minus sign, and never ``−0.0``."""
    text = f"{abs(value):,.{decimals}f}"
    return MINUS + text if value < 0 and float(text.replace(",", "")) != 0 else text


def number(value: float | str | bool | None) -> str:
    """A number with three significant digits, or what it is when it is none."""
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if not math.isfinite(value):
        return "not finite"
    if float(value).is_integer() and abs(value) < 1e15:
        return signed(value, 0)
    size = math.floor(math.log10(abs(value)))
    if not -4 <= size < 15:
        return f"{value:.2e}".replace("-", MINUS)
    return signed(value, min(max(2 - size, 0), 6))


def brief(value: float | str | bool | None) -> str:
    """A number beside others: three significant digits, but no more than three decimals and no idle zeros."""
    if isinstance(value, float) and math.isfinite(value) and 0 < abs(value) < 1e15:
        size = math.floor(math.log10(abs(value)))
        text = signed(value, min(max(2 - size, 0), 3))
        return text.rstrip("0").rstrip(".") if "." in text else text
    return number(value)


def zeros(text: str) -> str:
    """Somebody's sentence, its zeros without a sign: ``−0.0 points`` is ``0.0 points``."""
    return _SIGNED_ZERO.sub(r"\1", text)


def count(value: float) -> str:
    """A count, with commas."""
    return f"{round(value):,}"


def plural(value: int, one: str, many: str = "") -> str:
    """A count with its noun."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"


def percent(probability: float) -> str:
    """A probability; never 0% and never 100%."""
    if not math.isfinite(probability):
        return "not known"
    if probability < 0.01:
        return "<1%"
    if probability > 0.99:
        return ">99%"
    return f"{round(probability * 100)}%"


def share(part: Interval) -> str:
    """How much of a shift, with its interval."""
    estimate, low, high = percent(part.estimate), percent(part.low), percent(part.high)
    return estimate if estimate == low == high else f"{estimate} [{low}, {high}]"


def rate(value: float) -> str:
    """A measured mean of a signal in [0, 1]."""
    return f"{value * 100:.1f}%" if math.isfinite(value) else "not known"


def points(change: Interval) -> str:
    """A change of a signal in [0, 1], as percentage points with its interval."""
    values = [100 * value for value in (change.estimate, change.low, change.high)]
    decimals = 1 if max(map(abs, values)) >= 1 else 2
    estimate, low, high = (_plus(value, decimals) for value in values)
    return f"{estimate} points [{low}, {high}]"


def _plus(value: float, decimals: int) -> str:
    text = signed(value, decimals)
    return text if text.startswith(MINUS) or not float(text.replace(",", "")) else "+" + text


def bounded(shift: Shift, signals: tuple[Signal, ...] = ()) -> bool:
    """Whether the shift's signal lies in [0, 1]: as declared, or else by its name and values."""
    for signal in signals:
        if signal.name == shift.signal:
            return signal.bounded
    means = (shift.before, shift.after)
    return all(0 <= mean <= 1 for mean in means) and not shift.signal.lower().endswith(_UNITS)


def unit(shift: Shift, signals: tuple[Signal, ...] = ()) -> str:
    """The unit to print after a mean; nothing for a plain score."""
    for signal in signals:
        if signal.name == shift.signal and signal.unit.partition(" of ")[0] not in {"score", "", "rate", "share", "1"}:
            return signal.unit
    return shift.unit if logged(shift.unit) else ""


def level(value: float, *, within_one: bool, unit: str = "") -> str:
    """A mean in its own terms: a rate where the signal lies in [0, 1], and what was counted where ``unit`` is a log."""
    own, _ = counted(value, unit)
    return rate(value) if within_one else number(own)


def change(moved: Interval, *, within_one: bool, unit: str = "") -> str:
    """A change of a mean with its interval, in its own terms: of a log it is a factor."""
    if within_one:
        return points(moved)
    if logged(unit):
        return factors(moved)
    low, high = number(moved.low), number(moved.high)
    estimate = number(moved.estimate)
    plus = "+" if moved.estimate > 0 else ""
    return f"{plus}{estimate} [{low}, {high}]"


def moment(at: datetime) -> str:
    """A time to the minute, in UTC."""
    return as_utc(at).strftime("%Y-%m-%d %H:%M UTC")


def between(onset: Onset) -> str:
    """The interval of an onset, with the day once where both ends share it."""
    low, high = as_utc(onset.low), as_utc(onset.high)
    if low.date() == high.date():
        return f"{low:%Y-%m-%d} {low:%H:%M}–{high:%H:%M} UTC"
    return f"{moment(low)} – {moment(high)}"


def lag(delay: timedelta) -> str:
    """How long something took, to the minute: ``16 h 58 min``."""
    minutes = abs(round(delay.total_seconds() / 60))
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    last = f"{minutes} min" if minutes and days < 3 else ""
    parts = [f"{days} d" if days else "", f"{hours} h" if hours or (days and last) else "", last]
    return " ".join(part for part in parts if part) or "under a minute"


def offset(at: datetime, zero: datetime) -> str:
    """A time counted from another: ``T+16h58m``, ``T−2d04h``."""
    minutes = round((as_utc(at) - as_utc(zero)).total_seconds() / 60)
    days, rest = divmod(abs(minutes), 24 * 60)
    hours, minutes_left = divmod(rest, 60)
    sign = MINUS if minutes < 0 else "+"
    return f"T{sign}{days}d{hours:02}h" if days else f"T{sign}{hours}h{minutes_left:02}m"
