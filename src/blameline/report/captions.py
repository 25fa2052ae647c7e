"""What a plot says in words: its title, its onset, what its signs mean, and all of it once more for who cannot see it.

A view comes in, short plain sentences go out; the terminal and the images print the same. Names that others wrote are
cleaned by whoever prints them.
"""
# ruff: noqa: RUF002  a real minus sign is the house's

from __future__ import annotations

import unicodedata
from datetime import timedelta
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size

from blameline.records.scale import factor, logged
from blameline.report import wording
from blameline.report.escape import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blameline.records import Curve, Lane, Mark, Shift, View

_CLEARED = {
    "ruler": ", but the measuring moved and not the app",
    "mix": ", but the traffic moved and not the app",
    "artefact": ", but the records moved and not the app",
}
STATES = {"skipped": "skipped", "overridden": "overruled", "error": "failed to run"}
"""How an eval run can end without a result."""


def printable(text: object) -> str:
    """The text on one line, without anything that XML cannot hold, that is not seen, or that turns the reading order round."""
    return "".join(sign for sign in clean(text) if unicodedata.category(sign) not in {"Cn", "Co"})


def folded(text: object, width: int, *, most: int) -> list[str]:
    """The text in at most ``most`` lines of ``width`` cells, broken between words, or within one that is longer."""
    lines = [""]
    for word in printable(text).split(" "):
        left = word
        while left and len(lines) <= most:
            room = width - cell_len(lines[-1]) - bool(lines[-1])
            if cell_len(left) <= room:
                lines[-1] += f"{' ' * bool(lines[-1])}{left}"
                break
            if not lines[-1]:
                lines[-1] = set_cell_size(left, width).rstrip()
                left = left[len(lines[-1]) :]
            lines.append("")
    if len(lines) > most:
        lines[most - 1] = set_cell_size(lines[most - 1], width - 1).rstrip() + "…"
    return [line for line in lines[:most] if line] or [""]


def where(segment: Mapping[str, str]) -> str:
    """The slice in words."""
    return ", ".join(f"{key}={value}" for key, value in sorted(segment.items())) or "all traffic"


def title(curve: Curve) -> str:
    """What moved, and by how much; or that it did not; or that nobody can say."""
    if curve.shift is None and curve.blind:
        return f"{curve.signal}: no move could have been found"
    if curve.shift is None:
        return f"{curve.signal}: no move beyond chance was found"
    return f"{curve.signal} {went(curve.shift, bounded=curve.bounded)}{_CLEARED.get(curve.shift.moved, '')}"


def went(shift: Shift, *, bounded: bool) -> str:
    """``fell by 10.3 points``."""
    size = abs(shift.delta.estimate)
    if logged(shift.unit):
        return f"{'fell' if shift.delta.estimate < 0 else 'rose'} to {factor(shift.delta.estimate)}"
    told = f"{100 * size:.1f} points" if bounded else wording.brief(size)
    return f"{'fell' if shift.delta.estimate < 0 else 'rose'} by {told}"


def levels(curve: Curve) -> str:
    """Slice, levels and the interval of the change: ``all traffic: 75.7% before, 65.3% after; −10.3 points [−12.2, −8.4]``."""
    shift = curve.shift
    place = where(curve.segment)
    if shift is None:
        n = sum(point.n for point in curve.points)
        return f"{place}: {wording.plural(n, 'measurement')}{'; ' * bool(curve.blind)}{curve.blind}"
    before, after = (
        wording.level(value, within_one=curve.bounded, unit=shift.unit) for value in (shift.before, shift.after)
    )
    gradual = ", gradually" if shift.gradual else ""
    moved = wording.change(shift.delta, within_one=curve.bounded, unit=shift.unit)
    return f"{place}: {before} before, {after} after{gradual}; {moved} (90%)"


def onsets(shift: Shift) -> list[str]:
    """When it began, and when it ended if it did, with 90% ranges; a sentence each."""
    told = [f"onset {wording.moment(shift.onset.estimate)}, 90%: {wording.between(shift.onset)}"]
    if shift.settled is not None:
        told.append(f"at its new level {wording.moment(shift.settled.estimate)}, 90%: {wording.between(shift.settled)}")
    if shift.ended_range is not None:
        end = shift.ended_range
        told.append(f"came back {wording.moment(end.estimate)}, 90%: {wording.between(end)}")
    return told


def every(width: int) -> str:
    """The length of a bucket: ``12 h``."""
    return wording.lag(timedelta(seconds=width))


def bar(view: View) -> str:
    """What the highest bar of the volume stands for."""
    return wording.count(max((one.n for one in view.volume), default=0))


def suite(lane: Lane) -> str:
    """The runs of one suite in a line: ``14 runs, 54.0% to 75.0% passed, 1 skipped``."""
    shares = [mark.passed for mark in lane.marks if mark.passed is not None and mark.state == "completed"]
    parts = [wording.plural(len(lane.marks), "run")]
    if shares:
        low, high = wording.rate(min(shares)), wording.rate(max(shares))
        parts.append(f"{low} passed" if low == high else f"{low} to {high} passed")
    for state, words in STATES.items():
        n = sum(mark.state == state for mark in lane.marks)
        if n:
            parts.append(f"{n} {words}")
    return ", ".join(parts)


def outside(view: View) -> str:
    """How many marks lie beyond the axis; empty where there are none."""
    sides = ((view.before, "before it begins"), (view.after, "after it ends"))
    told = [f"{wording.plural(n, 'mark')} {side}" for n, side in sides if n]
    return f"beyond the axis: {' and '.join(told)}" if told else ""


def keyed(view: View) -> list[tuple[Lane, Mark]]:
    """The marks that have a sign, in order of time, and their lanes; a shift before the letters."""
    found = [(lane, mark) for lane in view.lanes for mark in lane.marks if mark.key]
    return sorted(found, key=lambda one: (one[1].at, not one[1].key.isdigit(), one[1].key))


def unkeyed(view: View) -> int:
    """How many marks are drawn without a sign, eval runs apart, which need none."""
    return sum(not mark.key for lane in view.lanes if lane.kind != "eval" for mark in lane.marks)


def alternative(view: View) -> str:
    """The whole plot in a few sentences."""
    told = []
    for curve in view.curves:
        told.append(f"{title(curve)}. {levels(curve)}.")
        if curve.shift:
            told += [f"{one}." for one in onsets(curve.shift)]
        means = [point.mean for point in curve.points if point.mean is not None]
        if means:
            low, high = (wording.level(value, within_one=curve.bounded) for value in (min(means), max(means)))
            told.append(f"{len(means)} means of {every(curve.width)} each, from {low} to {high}.")
    if view.since and view.until:
        told.append(f"The axis of time goes from {wording.moment(view.since)} to {wording.moment(view.until)}.")
    told += [
        f"{lane.title}: {suite(lane)}." if lane.kind == "eval" else f"{lane.title}: {len(lane.marks)}."
        for lane in view.lanes
    ]
    return " ".join(told)
