"""What happened, as marks in lanes: every row of the timeline, with the sign that stands for it in all plots."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from string import ascii_lowercase
from typing import TYPE_CHECKING

from blameline.records import Lane, LaneKind, Mark, Shift, TimelineRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from blameline.case.inquiry import Inquiry
    from blameline.records import EvalRun
    from blameline.store import Store

MOST_SUITES = 5
LIKELY = 0.02
"""A candidate below this has its sign only when there are signs left."""
TITLES: dict[LaneKind, str] = {
    "shift": "shifts",
    "change": "changes",
    "undeclared": "undeclared",
    "signature": "not recorded",
    "eval": "eval runs",
    "alert": "alerts",
    "report": "reports",
    "note": "notes",
}
Placed = tuple[LaneKind, str, Mark]
"""A mark with its kind and the title of its lane."""


def marks(store: Store, rows: Sequence[TimelineRow], inquiry: Inquiry, main: Shift | None) -> list[Placed]:
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


def _signed(found: list[Placed], inquiry: Inquiry, main: Shift | None) -> list[Placed]:
    """Shifts have their number; of the rest, letters go to the likeliest and the nearest, in order of time."""
    zero = main.onset.estimate if main else None
    odds = {line.candidate: line.probability for line in inquiry.ledger if main and line.shift == main.id}

    def weight(place: int) -> tuple[bool, bool, float, int]:
        kind, _, mark = found[place]
        far = abs((mark.at - zero).total_seconds()) if zero else 0.0
        return odds.get(mark.id, 0.0) < LIKELY, kind not in {"report", "change", "undeclared", "signature"}, far, place

    window = inquiry.window
    inside = [
        place
        for place, (kind, _, mark) in enumerate(found)
        if kind not in {"shift", "eval"} and (window is None or window.since <= mark.at <= window.until)
    ]
    chosen = sorted(sorted(inside, key=weight)[: len(ascii_lowercase)])
    letters = dict(zip(chosen, ascii_lowercase, strict=False))
    signed = []
    for place, (kind, title, mark) in enumerate(found):
        number = mark.id.rpartition("-")[2] if kind == "shift" else ""
        key = number if len(number) == 1 else letters.get(place, "")
        signed.append((kind, title, mark.model_copy(update={"key": key})))
    return signed


def ends(found: list[Placed]) -> tuple[datetime, datetime] | tuple[None, None]:
    """The axis where there are no traces: from the first mark to the last."""
    if not found:
        return None, None
    times = [mark.at for _, _, mark in found]
    return min(times), max(*times, min(times) + timedelta(hours=1))


def in_lanes(found: list[Placed], since: datetime | None, until: datetime | None) -> tuple[tuple[Lane, ...], int, int]:
    """The lanes in their order, and how many marks lie before and after the axis."""
    if since is None or until is None:
        return (), 0, 0
    lanes: dict[tuple[LaneKind, str], list[Mark]] = defaultdict(list)
    before = after = 0
    for kind, title, mark in found:
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
