"""Words for numbers, names and hours, and a gap with its weight."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from blameline.records import Gap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blameline.records import GapKind

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST = 60


@dataclass(frozen=True)
class Weighed:
    """A gap, and how much it costs the investigation: 0 is a footnote, 3 is a hole."""

    gap: Gap
    weight: float


def weighed(kind: GapKind, weight: float, what: str, unanswerable: str, **more: Any) -> Weighed:  # noqa: ANN401  the fields of a gap
    """A gap from its words and numbers; of a bare question (``how long …``) a sentence is made."""
    said = f"It cannot be told {unanswerable}" if unanswerable[0].islower() else unanswerable
    return Weighed(Gap(kind=kind, what=f"{what}.", unanswerable=f"{said}.", **more), weight)


def moment(hour: int) -> datetime:
    """The moment at which an hour since 1970 begins."""
    return _EPOCH + timedelta(hours=int(hour))


def minute(at: datetime) -> str:
    """A moment to the minute."""
    return f"{at:%Y-%m-%d %H:%M}"


def between(since: datetime, until: datetime) -> str:
    """From one moment to another, the day once where both share it."""
    last = f"{until:%H:%M}" if since.date() == until.date() else minute(until)
    return f"from {minute(since)} to {last} UTC"


def count(n: float, one: str, many: str = "") -> str:
    """A number with its noun."""
    return f"{round(n):,} {one if round(n) == 1 else many or one + 's'}"


def percent(n: float, of: float) -> str:
    """A share; never 0% and never 100% unless it is exactly that."""
    share = n / of if of else 0.0
    if share in {0.0, 1.0}:
        return f"{share:.0%}"
    if share < 0.01:
        return "under 1%"
    return "over 99%" if share > 0.99 else f"{share:.0%}"


def part(n: int, of: int, noun: str) -> str:
    """``40 of 1,000 spans (4%)``."""
    return f"{n:,} of {of:,} {noun} ({percent(n, of)})"


def name(text: str) -> str:
    """Somebody's name for something, in quotes, and no longer than a name is."""
    line = " ".join(text.split())
    return f"'{line if len(line) <= _LONGEST else line[: _LONGEST - 1] + '…'}'"


def names(texts: Sequence[str], most: int = 4) -> str:
    """Several names, and how many more."""
    told = [name(text) for text in texts[:most]]
    if len(texts) > most:
        return f"{', '.join(told)} and {len(texts) - most} more"
    return listed(told)


def listed(words: Sequence[str]) -> str:
    """Words with commas, and ``and`` before the last."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def span(milliseconds: float) -> str:
    """A length of time."""
    size = abs(milliseconds)
    for unit, length in (("days", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1000)):
        if size >= 2 * length:
            return f"{size / length:.3g} {unit}"
    return f"{size:.3g} ms"
