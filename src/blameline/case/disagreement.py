"""Clicks that went against graded truth, over the onset of a shift of either."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from blameline.case.context import rounded
from blameline.records import Disagreement, Interval, Shift
from blameline.shifts.beside import step_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blameline.fit import Fit


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
            deltas = [rounded(shift.delta), rounded(other.interval)]
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
