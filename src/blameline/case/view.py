"""What is drawn of a case: the curves of its shifts, the traffic, and a lane for each kind of thing that happened.

Everything is put on the axis of the loaded traces. The buckets are as fine as the noise lets them be: the finest ones in
which the usual 90% interval reaches no farther than half of the shift, but at least ``FEWEST_BUCKETS`` of them, because a plot
must still show when it moved, and at most ``MOST_BUCKETS``, which is what a terminal of 80 columns can show.
"""

from __future__ import annotations

import difflib
from collections import defaultdict
from datetime import timedelta
from math import ceil, isfinite
from statistics import median
from string import ascii_lowercase
from typing import TYPE_CHECKING, Any

from blameline.case.inquiry import FEWEST, MOST_SIGNALS
from blameline.case.story import series
from blameline.cells import Clock, measured, volume
from blameline.cells.grid import sums
from blameline.errors import NotFound
from blameline.records import Curve, Lane, LaneKind, Mark, Quiet, Shift, Signal, TimelineRow, View, Volume

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from blameline.case.inquiry import Inquiry
    from blameline.records import EvalRun
    from blameline.store import Store

MOST_BUCKETS = 66
FEWEST_BUCKETS = 20
HOURS = (1, 2, 3, 4, 6, 8, 12, 24, 48, 72, 168)
"""Widths of a bucket that people can follow."""
MOST_SUITES = 5
LIKELY = 0.02
"""A candidate below this has its sign only when there are signs left."""
TITLES: dict[LaneKind, str] = {
    "shift": "shifts",
    "change": "changes",
    "undeclared": "undeclared",
    "eval": "eval runs",
    "alert": "alerts",
    "report": "reports",
    "note": "notes",
}


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
    marks = _marks(store, rows, inquiry, main)
    since, until = (window.since, window.until) if window else _ends(marks)
    lanes, before, after = _lanes(marks, since, until)
    quiet = _quiet(counted, varied, inquiry)
    curves = _curves(store, inquiry, known, quiet, signal) if window else ()
    return View(
        since=since,
        until=until,
        zero=main.onset.estimate if main else None,
        zero_of=main.id if main else None,
        curves=curves,
        volume=_volume(store, window, curves[0]) if window and curves else (),
        lanes=lanes,
        before=before,
        after=after,
        quiet=tuple(one for one in quiet if signal in {None, one.signal}),
    )


def _counted(store: Store, window: Clock) -> list[dict[str, Any]]:
    """Every signal that has a value, with how often it was measured."""
    return store.rows("cells/signals", since=window.since.replace(tzinfo=None), until=window.until.replace(tzinfo=None))


def _constant(row: dict[str, Any]) -> Signal:
    """A signal that has one value only."""
    return Signal(name=row["signal"], better=None, bounded=row["low"] >= 0 and row["high"] <= 1)


def _curves(
    store: Store, inquiry: Inquiry, known: dict[str, Signal], quiet: tuple[Quiet, ...], signal: str | None
) -> tuple[Curve, ...]:
    """Those of the shifts for the worse, or of the signal that was asked for; with neither, of the first signal."""
    moved = [shift for shift in inquiry.shifts if shift.direction == "worse"]
    if signal is None and not moved:
        signal = next((name for name, _ in inquiry.detectable if name in known), None) or min(known, default=None)
    if signal is not None:
        moved = [shift for shift in inquiry.shifts if shift.signal == signal]
    curves = tuple(_curve(store, inquiry, known[shift.signal], shift) for shift in moved if shift.signal in known)
    if curves or signal is None:
        return curves
    reason = next((one.because for one in quiet if one.signal == signal), "")
    return (_curve(store, inquiry, known[signal], None).model_copy(update={"blind": reason}),)


def _curve(store: Store, inquiry: Inquiry, signal: Signal, shift: Shift | None) -> Curve:
    window = inquiry.window
    assert window is not None, "there is no curve without traces"
    segment = shift.segment if shift else {}
    reach = abs(shift.delta.estimate) if shift else dict(inquiry.detectable).get(signal.name, 0.0)
    widths = _widths(window)
    width = widths[0] if isfinite(reach) and reach > 0 else widths[-1]
    points = series(store, window, signal.name, segment, width=width)
    if points and width != widths[-1]:
        now = median((point.high or 0) - (point.low or 0) for point in points) / 2
        needed = width * (now / (reach / 2)) ** 2
        best = next((one for one in widths if one >= needed), widths[-1])
        if best != width:
            width, points = best, series(store, window, signal.name, segment, width=best)
    return Curve(
        signal=signal.name,
        segment=segment,
        better=signal.better,
        unit=signal.unit,
        bounded=signal.bounded,
        width=width,
        points=points,
        shift=shift.model_copy(update={"by_segment": ()}) if shift else None,
    )


def _widths(window: Clock) -> list[int]:
    """Seconds a bucket, the finest first; never empty. Whole multiples of the clock's own buckets."""
    seconds = (window.until - window.since).total_seconds()
    whole = [3600 * hours for hours in HOURS if 3600 * hours % window.width == 0]
    fine = [width for width in whole if seconds / width <= MOST_BUCKETS]
    fine = fine or [ceil(seconds / MOST_BUCKETS / window.width) * window.width]
    return [width for width in fine if seconds / width >= FEWEST_BUCKETS] or fine[:1]


def _volume(store: Store, window: Clock, curve: Curve) -> tuple[Volume, ...]:
    """Requests in the curve's slice and buckets; a bucket without any is one with none."""
    cells = volume(store, window)
    inside = cells.inside(dict(curve.segment))
    buckets = int(-(-(window.until - window.since).total_seconds() // curve.width))
    counts = sums(cells.bucket[inside] * window.width // curve.width, cells.n[inside], buckets)
    return tuple(
        Volume(at=window.since + timedelta(seconds=number * curve.width), n=int(n))
        for number, n in enumerate(counts[:buckets])
    )


def _marks(
    store: Store, rows: Sequence[TimelineRow], inquiry: Inquiry, main: Shift | None
) -> list[tuple[LaneKind, str, Mark]]:
    """Every row of the timeline as a mark with its lane and the lane's title, in order of time, with signs."""
    runs = {run.run_id: run for run in store.eval_runs()}
    changes = {change.id: change for change in store.changes()}
    over = {alert.id: alert.resolved_at for alert in store.alerts()}
    suites = _suites(run.suite for run in runs.values())
    found: list[tuple[LaneKind, str, Mark]] = []
    for row in rows:
        mark = Mark(at=row.at, low=row.low, high=row.high, id=row.id, what=row.what)
        title = TITLES[row.lane]
        if row.lane == "eval":
            run = runs[row.id]
            title = suites.get(run.suite, "other suites")
            mark = mark.model_copy(update={"state": run.status, "passed": _passed(run)})
        elif row.lane == "change" and (spread := changes[row.id].uncertainty):
            mark = mark.model_copy(update={"low": row.at - spread, "high": row.at + spread})
        elif row.lane == "alert" and (end := over.get(row.id)) and end > row.at:
            mark = mark.model_copy(update={"low": row.at, "high": end})
        found.append((row.lane, title, mark))
    return _signed(found, inquiry, main)


def _suites(names: Iterable[str]) -> dict[str, str]:
    """Suite → the title of its lane; the suites that ran most have lanes of their own."""
    counts: dict[str, int] = defaultdict(int)
    for name in names:
        counts[name] += 1
    ranked = sorted(counts, key=lambda name: (-counts[name], name))
    kept = ranked if len(ranked) <= MOST_SUITES else ranked[: MOST_SUITES - 1]
    return {name: name for name in kept}


def _passed(run: EvalRun) -> float | None:
    n = sum(one.n for one in run.slices if one.passed is not None)
    return sum(one.passed for one in run.slices if one.passed is not None) / n if n else None


def _signed(
    marks: list[tuple[LaneKind, str, Mark]], inquiry: Inquiry, main: Shift | None
) -> list[tuple[LaneKind, str, Mark]]:
    """Shifts have their number; of the rest, letters go to the likeliest and the nearest, in order of time."""
    zero = main.onset.estimate if main else None
    odds = {line.candidate: line.probability for line in inquiry.ledger if main and line.shift == main.id}

    def weight(place: int) -> tuple[bool, bool, float, int]:
        kind, _, mark = marks[place]
        far = abs((mark.at - zero).total_seconds()) if zero else 0.0
        return odds.get(mark.id, 0.0) < LIKELY, kind not in {"report", "change", "undeclared"}, far, place

    window = inquiry.window
    inside = [
        place
        for place, (kind, _, mark) in enumerate(marks)
        if kind not in {"shift", "eval"} and (window is None or window.since <= mark.at <= window.until)
    ]
    chosen = sorted(sorted(inside, key=weight)[: len(ascii_lowercase)])
    letters = dict(zip(chosen, ascii_lowercase, strict=False))
    signed = []
    for place, (kind, title, mark) in enumerate(marks):
        number = mark.id.rpartition("-")[2] if kind == "shift" else ""
        key = number if len(number) == 1 else letters.get(place, "")
        signed.append((kind, title, mark.model_copy(update={"key": key})))
    return signed


def _ends(marks: list[tuple[LaneKind, str, Mark]]) -> tuple[datetime, datetime] | tuple[None, None]:
    """The axis where there are no traces: from the first mark to the last."""
    if not marks:
        return None, None
    times = [mark.at for _, _, mark in marks]
    return min(times), max(*times, min(times) + timedelta(hours=1))


def _lanes(
    marks: list[tuple[LaneKind, str, Mark]], since: datetime | None, until: datetime | None
) -> tuple[tuple[Lane, ...], int, int]:
    """The lanes in their order, and how many marks lie before and after the axis."""
    if since is None or until is None:
        return (), 0, 0
    lanes: dict[tuple[LaneKind, str], list[Mark]] = defaultdict(list)
    before = after = 0
    for kind, title, mark in marks:
        if mark.at < since:
            before += 1
        elif mark.at > until:
            after += 1
        else:
            lanes[(kind, title)].append(mark)
    order = list(TITLES)
    ranked = sorted(lanes, key=lambda lane: (order.index(lane[0]), lane[1] == "other suites", lane[1]))
    return (
        tuple(Lane(kind=kind, title=title, marks=tuple(lanes[(kind, title)])) for kind, title in ranked),
        before,
        after,
    )


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
