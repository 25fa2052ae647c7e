"""The lanes of a plot in a terminal: letters with their ranges, and eval runs as bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blameline.report.terminal_axis import Axis, Row, line

if TYPE_CHECKING:
    from blameline.records import Lane, Mark
    from blameline.report.glyphs import Glyphs

MOST_ROWS = 5
"""Rows of one lane; what has no room in them is a plus sign."""


def lane_lines(lane: Lane, axis: Axis, glyphs: Glyphs) -> list[str]:
    """The marks of a lane in as few lines as their letters need."""
    rows = [Row(axis.columns)]
    lost: list[int] = []
    for mark in sorted(lane.marks, key=lambda mark: (not mark.key, mark.low is None, mark.at)):
        first, last, cells = _drawn(mark, axis, glyphs)
        free = next((row for row in rows if row.takes(first, last)), None)
        if free is None and len(rows) < MOST_ROWS and mark.key:
            free = Row(axis.columns)
            rows.append(free)
        if free is None:
            lost.append(axis.place(mark.at))
            continue
        free.cells[first : last + 1] = cells
    for column in lost:
        free = next((row for row in reversed(rows) if row.cells[column] in {" ", glyphs.mark}), rows[-1])
        free.cells[column] = glyphs.more
    return [_lane_line(lane.title if number == 0 else "", row, axis, glyphs) for number, row in enumerate(rows)]


def _lane_line(label: str, row: Row, axis: Axis, glyphs: Glyphs) -> str:
    if axis.zero is not None and row.takes(axis.place(axis.zero), axis.place(axis.zero)):
        row.cells[axis.place(axis.zero)] = glyphs.onset
    return line(label, row.cells, axis, glyphs)


def _drawn(mark: Mark, axis: Axis, glyphs: Glyphs) -> tuple[int, int, list[str]]:
    """The first and last column of a mark, and the signs from one to the other."""
    at = axis.place(mark.at)
    first = min(axis.place(mark.low), at) if mark.low else at
    last = max(axis.place(mark.high), at) if mark.high else at
    cells = [glyphs.span] * (last - first + 1)
    cells[0], cells[-1] = glyphs.low, glyphs.high
    cells[at - first] = mark.key or glyphs.mark
    return first, last, cells


def run_lines(lane: Lane, axis: Axis, glyphs: Glyphs) -> list[str]:
    """Eval runs as bars: the share that passed, from the suite's lowest to its highest; a run without a result as a sign."""
    states = dict(glyphs.states)
    shares = [mark.passed for mark in lane.marks if mark.passed is not None and mark.state == "completed"]
    low, high = min(shares, default=0.0), max(shares, default=0.0)
    row = Row(axis.columns)
    for mark in sorted(lane.marks, key=lambda mark: (mark.state != "completed", -(mark.passed or 0.0))):
        if mark.state in states:
            sign = states[mark.state]
        elif mark.passed is None:
            sign = glyphs.mark
        else:
            sign = glyphs.bars[int((mark.passed - low) / (high - low) * 7) if high > low else 3]
        row.cells[axis.place(mark.at)] = sign
    return [_lane_line(lane.title, row, axis, glyphs)]
