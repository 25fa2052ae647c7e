"""One curve in a terminal: means with three heights a row in their intervals, and the requests below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blameline.report import wording
from blameline.report.terminal_axis import Axis, Row, line

if TYPE_CHECKING:
    from datetime import datetime

    from blameline.records import Curve, View
    from blameline.report.glyphs import Glyphs


def curve_lines(curve: Curve, axis: Axis, glyphs: Glyphs, height: int) -> list[str]:
    """The curve in so many lines, or one that says why there is none."""
    low, high = _range(curve)
    if high <= low:
        return [line("", list("too little data for a curve".ljust(axis.columns)[: axis.columns]), axis, glyphs)]
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
        line(_value(curve, labels[number]), row, axis, glyphs, glyphs.tick)
        if number in labels
        else line("", row, axis, glyphs)
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


def volume_lines(view: View, axis: Axis, glyphs: Glyphs) -> list[str]:
    """Requests as one line of bars; nothing where there are none."""
    most = max((one.n for one in view.volume), default=0)
    if not most:
        return []
    row = Row(axis.columns)
    width = view.curves[0].width
    for one in view.volume:
        for column in axis.reach(one.at, width):
            row.cells[column] = glyphs.bars[-(-one.n * len(glyphs.bars) // most) - 1] if one.n else " "
    return [line("requests", row.cells, axis, glyphs)]
