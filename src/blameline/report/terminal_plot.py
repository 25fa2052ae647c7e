"""A view as lines of text: value with its interval, onset, volume, and a lane a kind of mark, on one axis of time.

Drawn here and not by a library: plotext 6.1, the best kept one, gives every subplot an axis of its own that is as far to the
right as its labels are long, has no band for an interval, and no plain ASCII. Every bucket is a flat piece as wide as it
lasted, so that a gap stays a gap; a mean has three heights a row.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size

from blameline.report import captions, wording
from blameline.report.glyphs import ASCII, UNICODE, Glyphs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blameline.records import Curve, Lane, Mark, View

NARROWEST, WIDEST = 48, 160
GUTTER, ROOMY_GUTTER, ROOMY = 11, 18, 100
"""Cells for the names of lanes, and from which width on there may be more."""
MOST_CURVES = 4
MOST_ROWS = 5
"""Rows of one lane; what has no room in them is a plus sign."""


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
        lines += [*_heading(curve, room), *_curve(curve, axis, glyphs, height if number == 0 else height // 2)]
        if number + 1 < len(view.curves[:MOST_CURVES]):
            lines.append("")
    if len(view.curves) > MOST_CURVES:
        lines.append(f"{len(view.curves) - MOST_CURVES} more shifts are in the table; --signal shows one")
    lines += _volume(view, axis, glyphs)
    for lane in view.lanes:
        lines += _runs(lane, axis, glyphs) if lane.kind == "eval" else _lane(lane, axis, glyphs)
    lines += [*_foot(axis, glyphs), "", *_legend(view, glyphs, keyed=keyed)]
    fitted = [cut(plain(line) if ascii_only else line, room, glyphs).rstrip() for line in lines]
    return [line.encode("ascii", "replace").decode() for line in fitted] if ascii_only else fitted


def plain(text: str) -> str:
    """Our own words with signs that ASCII has."""
    for sign, instead in (("−", "-"), ("–", "-"), ("…", "..."), ("→", "->"), ("·", ".")):
        text = text.replace(sign, instead)
    return text


def cut(text: str, width: int, glyphs: Glyphs) -> str:
    """The text in at most ``width`` cells of a terminal; wide letters count twice."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - len(glyphs.cut)).rstrip() + glyphs.cut


@dataclass(frozen=True)
class Axis:
    """Moments as columns."""

    since: datetime
    until: datetime
    columns: int
    gutter: int = GUTTER
    zero: datetime | None = None
    """T0, which is marked through the lanes."""

    def place(self, moment: datetime) -> int:
        """The column that a moment lies in; the ends of the axis take what lies beyond them."""
        share = (moment - self.since) / (self.until - self.since)
        return min(max(int(share * self.columns), 0), self.columns - 1)

    def reach(self, start: datetime, seconds: int) -> range:
        """The columns that a bucket covers, one at least."""
        first = self.place(start)
        end = (start + timedelta(seconds=seconds) - self.since) / (self.until - self.since) * self.columns
        return range(first, max(first + 1, min(int(end), self.columns)))


@dataclass
class _Row:
    """One line of a lane."""

    columns: int
    cells: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.cells = [" "] * self.columns

    def takes(self, first: int, last: int) -> bool:
        """Whether nothing is there yet."""
        return all(cell == " " for cell in self.cells[first : last + 1])


def _line(label: str, cells: Sequence[str], axis: Axis, glyphs: Glyphs, edge: str = "") -> str:
    shown = cut(captions.printable(label), axis.gutter, glyphs)
    return f"{' ' * (axis.gutter - cell_len(shown))}{shown} {edge or glyphs.edge}{''.join(cells)}"


def _heading(curve: Curve, width: int) -> list[str]:
    name = f"{curve.shift.id}: " if curve.shift else ""
    told = [f"{name}{captions.title(curve)}", captions.levels(curve)]
    if curve.shift:
        told += captions.onsets(curve.shift)
    return [part for line in told for part in captions.folded(line, width, most=3)]


def _curve(curve: Curve, axis: Axis, glyphs: Glyphs, height: int) -> list[str]:
    low, high = _range(curve)
    if high <= low:
        return [_line("", list("too little data for a curve".ljust(axis.columns)[: axis.columns]), axis, glyphs)]
    rows = [[" "] * axis.columns for _ in range(height)]
    for moment in _moments(curve):
        for row in rows:
            row[axis.place(moment)] = glyphs.onset

    def third(value: float) -> int:
        """In thirds of a row from the bottom."""
        return min(max(int((value - low) / (high - low) * height * 3), 0), height * 3 - 1)

    for point in curve.points:
        if point.mean is None:
            continue
        mean = third(point.mean)
        bottom, top = (mean if end is None else third(end) for end in (point.low, point.high))
        for column in axis.reach(point.at, curve.width):
            for level in range(bottom // 3, top // 3 + 1):
                rows[height - 1 - level][column] = glyphs.band
            rows[height - 1 - mean // 3][column] = glyphs.levels[mean % 3]
    labels = {0: high, height - 1: low, height // 2: high - (high - low) * (height // 2 + 0.5) / height}
    return [
        _line(_value(curve, labels[number]), row, axis, glyphs, glyphs.tick)
        if number in labels
        else _line("", row, axis, glyphs)
        for number, row in enumerate(rows)
    ]


def _range(curve: Curve) -> tuple[float, float]:
    """The lowest and the highest value that are drawn: all means, and of the intervals what nine buckets in ten need."""
    means = [point.mean for point in curve.points if point.mean is not None]
    if not means:
        return 0.0, 0.0
    lows = sorted(point.low for point in curve.points if point.low is not None) or means
    highs = sorted(point.high for point in curve.points if point.high is not None) or means
    low, high = min(*means, lows[len(lows) // 10]), max(*means, highs[-1 - len(highs) // 10])
    if curve.bounded:
        low, high = max(low, 0.0), min(high, 1.0)
    return (low, high) if high > low else (low - 0.5 * (abs(low) or 1), high + 0.5 * (abs(high) or 1))


def _value(curve: Curve, value: float) -> str:
    return f"{100 * value:.1f}%" if curve.bounded else wording.number(value)


def _moments(curve: Curve) -> list[datetime]:
    if curve.shift is None:
        return []
    return [curve.shift.onset.estimate, *([curve.shift.ended] if curve.shift.ended else [])]


def _volume(view: View, axis: Axis, glyphs: Glyphs) -> list[str]:
    most = max((one.n for one in view.volume), default=0)
    if not most:
        return []
    row = _Row(axis.columns)
    width = view.curves[0].width
    for one in view.volume:
        for column in axis.reach(one.at, width):
            row.cells[column] = glyphs.bars[-(-one.n * len(glyphs.bars) // most) - 1] if one.n else " "
    return [_line("requests", row.cells, axis, glyphs)]


def _lane(lane: Lane, axis: Axis, glyphs: Glyphs) -> list[str]:
    rows = [_Row(axis.columns)]
    lost: list[int] = []
    for mark in sorted(lane.marks, key=lambda mark: (not mark.key, mark.low is None, mark.at)):
        first, last, cells = _drawn(mark, axis, glyphs)
        free = next((row for row in rows if row.takes(first, last)), None)
        if free is None and len(rows) < MOST_ROWS and mark.key:
            free = _Row(axis.columns)
            rows.append(free)
        if free is None:
            lost.append(axis.place(mark.at))
            continue
        free.cells[first : last + 1] = cells
    for column in lost:
        free = next((row for row in reversed(rows) if row.cells[column] in {" ", glyphs.mark}), rows[-1])
        free.cells[column] = glyphs.more
    return [_lane_line(lane.title if number == 0 else "", row, axis, glyphs) for number, row in enumerate(rows)]


def _drawn(mark: Mark, axis: Axis, glyphs: Glyphs) -> tuple[int, int, list[str]]:
    """The first and last column of a mark, and the signs from one to the other."""
    at = axis.place(mark.at)
    first = min(axis.place(mark.low), at) if mark.low else at
    last = max(axis.place(mark.high), at) if mark.high else at
    cells = [glyphs.span] * (last - first + 1)
    cells[0], cells[-1] = glyphs.low, glyphs.high
    cells[at - first] = mark.key or glyphs.mark
    return first, last, cells


def _runs(lane: Lane, axis: Axis, glyphs: Glyphs) -> list[str]:
    """Eval runs as bars: the share that passed, from the suite's lowest to its highest; a run without a result as a sign."""
    states = dict(glyphs.states)
    shares = [mark.passed for mark in lane.marks if mark.passed is not None and mark.state == "completed"]
    low, high = min(shares, default=0.0), max(shares, default=0.0)
    row = _Row(axis.columns)
    for mark in sorted(lane.marks, key=lambda mark: (mark.state != "completed", -(mark.passed or 0.0))):
        if mark.state in states:
            sign = states[mark.state]
        elif mark.passed is None:
            sign = glyphs.mark
        else:
            sign = glyphs.bars[int((mark.passed - low) / (high - low) * 7) if high > low else 3]
        row.cells[axis.place(mark.at)] = sign
    return [_lane_line(lane.title, row, axis, glyphs)]


def _lane_line(label: str, row: _Row, axis: Axis, glyphs: Glyphs) -> str:
    if axis.zero is not None and row.takes(axis.place(axis.zero), axis.place(axis.zero)):
        row.cells[axis.place(axis.zero)] = glyphs.onset
    return _line(label, row.cells, axis, glyphs)


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
    line = [glyphs.foot] * axis.columns
    words = [" "] * (axis.columns + axis.gutter + 2)
    words[axis.gutter - 3 : axis.gutter] = "UTC"
    free = axis.gutter + 1
    for moment, label in ticks(axis.since, axis.until, max(axis.columns // 13, 2)):
        column = axis.place(moment)
        start = max(axis.gutter + 2 + column - len(label) // 2, axis.gutter + 2)
        if start >= free and start + len(label) <= len(words):
            line[column] = glyphs.pin
            words[start : start + len(label)] = label
            free = start + len(label) + 2
    return [_line("", line, axis, glyphs, glyphs.tick), "".join(words)]


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
