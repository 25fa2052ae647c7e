"""A view as lines of text: value with its interval, onset, volume, and a lane a kind of mark, on one axis of time.

Drawn here and not by a library: plotext 6.1, the best kept one, gives every subplot an axis of its own that is as far to the
right as its labels are long, has no band for an interval, and no plain ASCII. Every bucket is a flat piece as wide as it
lasted, so that a gap stays a gap; a mean has three heights a row.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from blameline.report import captions, wording
from blameline.report.glyphs import ASCII, UNICODE, Glyphs
from blameline.report.terminal_axis import GUTTER, Axis, cut, line
from blameline.report.terminal_curve import curve_lines, volume_lines
from blameline.report.terminal_lanes import lane_lines, run_lines

if TYPE_CHECKING:
    from blameline.records import Curve, View

NARROWEST, WIDEST = 48, 160
ROOMY_GUTTER, ROOMY = 18, 100
"""Cells for the names of lanes where there is room, and from which width on there is."""
MOST_CURVES = 4


def plot(view: View, *, width: int = 100, ascii_only: bool = False, height: int = 10, keyed: bool = True) -> list[str]:
    """The lines, none longer than ``width`` cells; empty where there is nothing to draw.

    ``height`` is that of the first curve, in lines; the others have half of it. With ``keyed`` the legend says what each
    letter stands for.
    """
    if view.since is None or view.until is None:
        return []
    glyphs = ASCII if ascii_only else UNICODE
    room = max(min(width, WIDEST), NARROWEST)
    gutter = GUTTER if room < ROOMY else ROOMY_GUTTER
    axis = Axis(view.since, view.until, room - gutter - 2, gutter, view.zero)
    lines: list[str] = []
    for number, curve in enumerate(view.curves[:MOST_CURVES]):
        lines += [*_heading(curve, room), *curve_lines(curve, axis, glyphs, height if number == 0 else height // 2)]
        if number + 1 < len(view.curves[:MOST_CURVES]):
            lines.append("")
    if len(view.curves) > MOST_CURVES:
        lines.append(f"{len(view.curves) - MOST_CURVES} more shifts are in the table; --signal shows one")
    lines += volume_lines(view, axis, glyphs)
    for lane in view.lanes:
        lines += run_lines(lane, axis, glyphs) if lane.kind == "eval" else lane_lines(lane, axis, glyphs)
    lines += [*_foot(axis, glyphs), "", *_legend(view, glyphs, keyed=keyed)]
    fitted = [cut(plain(line) if ascii_only else line, room, glyphs).rstrip() for line in lines]
    return [line.encode("ascii", "replace").decode() for line in fitted] if ascii_only else fitted


def plain(text: str) -> str:
    """Our own words with signs that ASCII has."""
    for sign, instead in (("−", "-"), ("–", "-"), ("…", "..."), ("→", "->"), ("·", ".")):
        text = text.replace(sign, instead)
    return text


def _heading(curve: Curve, width: int) -> list[str]:
    name = f"{curve.shift.id}: " if curve.shift else ""
    told = [f"{name}{captions.title(curve)}", captions.levels(curve)]
    if curve.shift:
        told += captions.onsets(curve.shift)
    return [part for line in told for part in captions.folded(line, width, most=3)]


_STEPS = (1, 2, 3, 6, 12, 24, 48, 72, 168, 336, 720, 2160, 8760)


def ticks(since: datetime, until: datetime, most: int) -> list[tuple[datetime, str]]:
    """At most ``most`` round moments of the axis with their labels, which are days, or hours where all is short."""
    hours = max((until - since).total_seconds() / 3600, 1.0)
    step = next((one for one in _STEPS if hours / one <= most), int(hours // most) + 1)
    start = since.replace(hour=0, minute=0, second=0, microsecond=0)
    moments = [start + timedelta(hours=step * number) for number in range(int((hours + 24) // step) + 2)]
    form = "%m-%d" if step >= 24 else "%m-%d %H:%M"
    return [(moment, f"{moment:{form}}") for moment in moments if since <= moment <= until]


def _foot(axis: Axis, glyphs: Glyphs) -> list[str]:
    foot = [glyphs.foot] * axis.columns
    words = [" "] * (axis.columns + axis.gutter + 2)
    words[axis.gutter - 3 : axis.gutter] = "UTC"
    free = axis.gutter + 1
    for moment, label in ticks(axis.since, axis.until, max(axis.columns // 13, 2)):
        column = axis.place(moment)
        start = max(axis.gutter + 2 + column - len(label) // 2, axis.gutter + 2)
        if start >= free and start + len(label) <= len(words):
            foot[column] = glyphs.pin
            words[start : start + len(label)] = label
            free = start + len(label) + 2
    return [line("", foot, axis, glyphs, glyphs.tick), "".join(words)]


def _legend(view: View, glyphs: Glyphs, *, keyed: bool) -> list[str]:
    lines = []
    if view.curves:
        curve = view.curves[0]
        low, mid, high = glyphs.levels
        lines.append(
            f"{low}{mid}{high} mean of {captions.every(curve.width)}   {glyphs.band} its 90% interval   "
            f"{glyphs.onset} onset   {glyphs.low}{glyphs.span}{glyphs.high} range"
        )
        lines.append(f"requests: the highest bar is {captions.bar(view)} in {captions.every(curve.width)}")
    runs = [lane for lane in view.lanes if lane.kind == "eval"]
    lines += [f"{captions.printable(lane.title)}: {captions.suite(lane)}" for lane in runs]
    states = [
        f"{sign} {captions.STATES[state]}"
        for state, sign in glyphs.states
        if any(mark.state == state for lane in runs for mark in lane.marks)
    ]
    if runs:
        lines.append(
            f"eval runs: {glyphs.bars[0]} least passed, {glyphs.bars[-1]} most{', ' * bool(states)}{', '.join(states)}"
        )
    for _, mark in captions.keyed(view) if keyed else ():
        offset = f" {wording.offset(mark.at, view.zero):>9}" if view.zero else ""
        name, what = captions.printable(mark.id), captions.printable(mark.what)
        lines.append(f"{mark.key} {mark.at:%Y-%m-%d %H:%M}{offset}  {cut(name, 28, glyphs)}  {what}")
    left = captions.unkeyed(view)
    if left:
        lines.append(f"{glyphs.mark} a mark without a letter, {glyphs.more} several; {left} have none")
    beyond = captions.outside(view)
    return [*lines, beyond] if beyond else lines
