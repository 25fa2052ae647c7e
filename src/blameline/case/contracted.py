"""Which period contracts are asked about: moments that somebody gave, or else the shifts of the case, in; a period out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from blameline.contracts.check import Period
from blameline.errors import BlamelineError, NotFound
from blameline.records import Moment
from blameline.sources.wording import fault

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from blameline.case.inquiry import Inquiry
    from blameline.cells import Clock

_MOMENT: TypeAdapter[datetime] = TypeAdapter(Moment)


def compared(window: Clock | None, inquired: Callable[[], Inquiry], since: object, until: object) -> Period:
    """The period from ``since`` on against all before; where that is not said, since the main shift's onset against before it.

    Where nothing got worse, the second half of the case against its first. Raises ``BlamelineError`` for times of no use.
    """
    first, last = _window(window)
    begin, end = _moment(since, "from"), _moment(until, "to") or last
    quiet = begin
    if begin is None:
        main = next((shift for shift in inquired().shifts if shift.direction == "worse"), None)
        if main is None:
            quiet = begin = first + (min(end, last) - first) / 2
        else:
            onset, over = main.onset, main.ended_range
            quiet, begin = onset.low, onset.high if onset.high < end else onset.estimate
            end = over.low if over and until is None and over.low > begin else end
    assert quiet is not None
    _must_hold(begin, end, first, last)
    return Period(first, max(quiet, first), max(begin, first), min(end, last))


def quiet(
    window: Clock | None, inquired: Callable[[], Inquiry], since: object, until: object
) -> tuple[datetime, datetime]:
    """The part to learn from: as it was said, and where its end was not, up to the first onset of anything that got worse."""
    first, last = _window(window)
    begin, end = _moment(since, "from") or first, _moment(until, "to")
    if end is None:
        onsets = [
            shift.onset.low for shift in inquired().shifts if shift.direction == "worse" and shift.onset.high > begin
        ]
        end = min([last, *onsets])
    _must_hold(begin, end, first, last)
    return max(begin, first), min(end, last)


def _window(window: Clock | None) -> tuple[datetime, datetime]:
    if window is None:
        raise NotFound("there are no requests in this case file", hint="load traces first")
    return window.since, window.until


def _moment(said: object, option: str) -> datetime | None:
    if said is None:
        return None
    try:
        return _MOMENT.validate_python(said)
    except ValidationError as error:
        raise BlamelineError(f"--{option} is no time: {fault(error)}", hint="write it as 2026-03-14T09:12Z") from error


def _must_hold(begin: datetime, end: datetime, first: datetime, last: datetime) -> None:
    if begin >= end:
        raise BlamelineError(f"the period ends at {end:%Y-%m-%d %H:%M} and begins at {begin:%Y-%m-%d %H:%M}")
    if begin >= last or end <= first:
        said = f"the case file holds nothing from {begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC"
        raise BlamelineError(said, hint=f"it goes from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M}")
