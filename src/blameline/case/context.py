"""What is told beside the shifts: signals that moved along, and accuse nobody."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from blameline.cells import Clock, by_day, measurable, segments
from blameline.records import Context, Interval, Shift
from blameline.shifts.beside import FEWEST, FEWEST_DAYS, Step, moved, step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blameline.store import Store

DIGITS = 6


def context(store: Store, window: Clock, shifts: Sequence[Shift]) -> tuple[Context, ...]:
    """Every signal that is context here, measured before and after the main shift's onset.

    With no shift for the worse the last quarter of the window stands for "after".
    """
    main = next((shift for shift in shifts if shift.direction == "worse"), None)
    since = main.onset.estimate if main else window.until - (window.until - window.since) / 4
    until = main.ended if main and main.ended else window.until
    segment = dict(main.segment) if main else {}
    inside = np.array([all(one.get(k) == v for k, v in segment.items()) for one in segments(store)], dtype=bool)
    manifest = store.manifest()
    chosen = [one for one in measurable(store) if not one.full(manifest)]
    steps: list[Step | None] = []
    for one in chosen:
        day, place, n, total = by_day(store, one.name, window, since, until)
        kept = inside[place] if len(place) else np.zeros(0, dtype=bool)
        steps.append(step(day[kept], place[kept], n[kept], total[kept]))
    return tuple(
        Context(
            signal=one.name,
            family=one.family,
            unit=one.unit,
            since=since,
            segment=segment,
            moved=answer,
            **(_told(found) if found else {}),
            because=_because(found, moved=answer, unit=one.unit),
        )
        for one, found, answer in zip(chosen, steps, moved(steps), strict=True)
    )


def _told(found: Step) -> dict[str, float | int | Interval]:
    return {
        "before": round(found.before, DIGITS),
        "after": round(found.before + found.delta, DIGITS),
        "delta": rounded(found.interval),
        "n_before": found.n_before,
        "n_after": found.n_after,
    }


def rounded(given: Interval) -> Interval:
    """The same to six decimals."""
    return Interval(
        estimate=round(given.estimate, DIGITS), low=round(given.low, DIGITS), high=round(given.high, DIGITS)
    )


def _because(found: Step | None, *, moved: bool | None, unit: str) -> str:
    if found is None:
        return f"it cannot be told: fewer than {FEWEST_DAYS} days or {FEWEST} requests on one side"
    size = _size(found.interval, unit)
    return f"it moved too: {size}" if moved else f"no more than chance would move it: {size}"


def _size(delta: Interval, unit: str) -> str:
    """A change with its 90% interval: in points, in per cent of what is counted in logs, or as it is."""
    ends = (delta.estimate, delta.low, delta.high)
    if unit.startswith("log"):
        told = [f"{100 * math.expm1(min(end, 20.0)):+.0f}%" for end in ends]
    elif unit.startswith("share"):
        told = [f"{100 * end:+.1f} points" for end in ends[:1]] + [f"{100 * end:+.1f}" for end in ends[1:]]
    else:
        told = [f"{end:+.3g}" for end in ends]
    return f"{told[0]} [{told[1]}, {told[2]}]"
