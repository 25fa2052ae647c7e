"""What is told beside the shifts: signals that moved along and accuse nobody, and clicks that went against graded truth."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from blameline.cells import Clock, by_day, measurable, segments
from blameline.records import Context, Disagreement, Interval, Shift
from blameline.shifts.beside import FEWEST, FEWEST_DAYS, Step, moved, step, step_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blameline.fit import Fit
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
        "delta": _rounded(found.interval),
        "n_before": found.n_before,
        "n_after": found.n_after,
    }


def _rounded(given: Interval) -> Interval:
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


def disagreements(fits: Mapping[str, Fit], shifts: Sequence[Shift]) -> tuple[Disagreement, ...]:
    """Pairs of clicks and graded truth of which one got worse and the other better, at the onset of a shift of either."""
    found: dict[tuple[str, str], Disagreement] = {}
    for shift in shifts:
        family = fits[shift.signal].cells.signal.family
        if family not in {"feedback", "quality"}:
            continue
        for name, fit in sorted(fits.items()):
            signal = fit.cells.signal
            if {family, signal.family} != {"feedback", "quality"} or signal.control or signal.better is None:
                continue
            cells = fit.cells
            begin = cells.hour_of(shift.onset.estimate)
            end = cells.hour_of(shift.ended) if shift.ended else math.inf
            other = step_in(cells, begin, end, dict(shift.segment))
            if other is None or other.chance > 0.05:
                continue
            better = other.delta * (1 if signal.better == "higher" else -1) > 0
            pair = (shift.signal, name) if family == "feedback" else (name, shift.signal)
            if better == (shift.direction == "better") or pair in found:
                continue
            deltas = [_rounded(shift.delta), _rounded(other.interval)]
            clicks, graded = deltas if family == "feedback" else deltas[::-1]
            found[pair] = _disagreement(
                pair, shift, clicks, graded, worse=(shift.direction == "worse") == (family == "quality")
            )
    return tuple(found.values())


def _disagreement(
    pair: tuple[str, str], shift: Shift, clicks: Interval, graded: Interval, *, worse: bool
) -> Disagreement:
    ways = ("better", "worse") if worse else ("worse", "better")
    said = (
        f"{pair[0]} got {ways[0]} ({_plain(clicks)}) and {pair[1]} got {ways[1]} ({_plain(graded)}) "
        f"from about {shift.onset.estimate:%Y-%m-%d %H:%M} UTC on: clicks are kind to confident and agreeable answers, "
        "so the graded signal is the one to go by"
    )
    return Disagreement(
        feedback=pair[0],
        graded=pair[1],
        since=shift.onset.estimate,
        feedback_delta=clicks,
        graded_delta=graded,
        because=said,
    )


def _plain(delta: Interval) -> str:
    return f"{delta.estimate:+.3f} [{delta.low:+.3f}, {delta.high:+.3f}]"
