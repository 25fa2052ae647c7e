"""What is drawn of a case: the curves of its shifts, the traffic, and a lane for each kind of thing that happened.

Everything is put on the axis of the loaded traces; what was looked at and did not move is listed beside it.
"""

from __future__ import annotations

import difflib
from math import isfinite
from typing import TYPE_CHECKING, Any

from blameline.case.curves import curves, requests
from blameline.case.finding import FEWEST, MOST_SIGNALS
from blameline.case.lanes import ends, in_lanes, marks
from blameline.cells import Clock, measured
from blameline.errors import NotFound
from blameline.records import Quiet, Signal, TimelineRow, View

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blameline.case.inquiry import Inquiry
    from blameline.store import Store


def view(store: Store, inquiry: Inquiry, rows: Sequence[TimelineRow], *, signal: str | None = None) -> View:
    """All that a plot shows: of one signal, moved or not, or of the shifts for the worse.

    ``rows`` are those of the timeline. Raises ``NotFound`` for a signal that was never measured.
    """
    window = inquiry.window
    counted = _counted(store, window) if window else []
    varied = {one.name: one for one in measured(store, window)} if window else {}
    known = {row["signal"]: varied.get(row["signal"]) or _constant(row) for row in counted}
    if signal is not None and signal not in known:
        near = difflib.get_close_matches(signal, known, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(sorted(known)) or 'none'}"
        raise NotFound(f"no signal named '{signal}' was measured", hint=hint)
    main = next((shift for shift in inquiry.shifts if shift.direction == "worse"), None)
    found = marks(store, rows, inquiry, main)
    since, until = (window.since, window.until) if window else ends(found)
    lanes, before, after = in_lanes(found, since, until)
    quiet = _quiet(counted, varied, inquiry)
    drawn = curves(store, inquiry, known, quiet, signal) if window else ()
    return View(
        since=since,
        until=until,
        zero=main.onset.estimate if main else None,
        zero_of=main.id if main else None,
        curves=drawn,
        volume=requests(store, window, drawn[0]) if window and drawn else (),
        lanes=lanes,
        before=before,
        after=after,
        quiet=tuple(one for one in quiet if signal in {None, one.signal}),
        signatures=inquiry.signatures if signal is None else (),
        dips=tuple(one for one in inquiry.dips if signal in {None, one.signal}),
    )


def _counted(store: Store, window: Clock) -> list[dict[str, Any]]:
    """Every signal that has a value, with how often it was measured."""
    return store.rows("cells/signals", since=window.since.replace(tzinfo=None), until=window.until.replace(tzinfo=None))


def _constant(row: dict[str, Any]) -> Signal:
    """A signal that has one value only."""
    return Signal(name=row["signal"], better=None, bounded=row["low"] >= 0 and row["high"] <= 1)


def _quiet(counted: list[dict[str, Any]], signals: dict[str, Signal], inquiry: Inquiry) -> tuple[Quiet, ...]:
    """The signals without a shift, those that were looked at first."""
    moved = {shift.signal for shift in inquiry.shifts}
    smallest = dict(inquiry.detectable)
    found = []
    for row in counted:
        name, n = row["signal"], row["n"]
        if name in moved:
            continue
        looked_at, because = name in inquiry.signals, ""
        if name not in signals:
            because = "it has one value only"
        elif not looked_at:
            because = (
                f"{n} measurements are too few, {FEWEST} are needed"
                if n < FEWEST
                else f"measured in too few hours, or after the first {MOST_SIGNALS} signals"
            )
        elif signals[name].control:
            looked_at, because = False, "a control: it is there to show moves of the measuring"
        elif signals[name].better is None:
            looked_at, because = False, "it is not known which way is better"
        fall = smallest.get(name) if looked_at else None
        if fall is not None and (not isfinite(fall) or (signals[name].bounded and fall >= 1)):
            fall, because = None, "so noisy or so few that no lasting fall would have been found"
        found.append(Quiet(signal=name, n=n, looked_at=looked_at, smallest=fall, because=because))
    order = {name: place for place, name in enumerate(smallest)}
    return tuple(sorted(found, key=lambda one: (not one.looked_at, order.get(one.signal, len(order)), one.signal)))
