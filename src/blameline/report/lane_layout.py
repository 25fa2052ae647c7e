"""Where marks and their labels go in the lanes of an image: no label over another, in as few rows as that takes.

Moments become pixels and labels become widths that are guessed generously from a sans-serif of ``FONT`` pixels, because no
font is asked. A label goes right of its mark, or left of it at the end of the axis, in the first row with room; where four rows
have none, the sign alone is put there, and then only the mark.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size

from blameline.report.captions import printable

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from blameline.records import Lane, Mark

FONT = 11
ROW = 17
"""Pixels a row."""
STRIP = 40
"""Pixels of a lane of eval runs."""
GAP = 6
"""Pixels between lanes."""
MOST_ROWS = 4
REACH = 7
"""Half of a symbol, in pixels, and its distance from the next thing."""
_LETTER = 6.4
_LABEL = 24
"""Letters of an id beside its mark."""


@dataclass(frozen=True)
class Placed:
    """One mark with its place."""

    mark: Mark
    kind: str
    y: float
    """Pixels from the top of the lanes."""
    label: str
    """Empty where there was no room, or nothing to say."""
    left: bool
    """The label stands left of the mark."""


@dataclass(frozen=True)
class Band:
    """One lane with its place."""

    lane: Lane
    top: float
    height: float
    placed: tuple[Placed, ...]
    low: float = 0.0
    high: float = 1.0
    """Of a lane of eval runs: the lowest and highest share that passed."""


def bands(lanes: tuple[Lane, ...], *, pixel: Callable[[datetime], float], width: float) -> tuple[Band, ...]:
    """The lanes from top to bottom."""
    top = float(GAP)
    found = []
    for lane in lanes:
        band = _strip(lane, top) if lane.kind == "eval" else _rows(lane, top, pixel, width)
        found.append(band)
        top += band.height + GAP
    return tuple(found)


def shortened(text: str, letters: int) -> str:
    """Text that can be printed, in at most so many letters; wide ones count twice."""
    shown = printable(text)
    return shown if cell_len(shown) <= letters else set_cell_size(shown, letters - 1).rstrip() + "…"


def _strip(lane: Lane, top: float) -> Band:
    """Runs at the height of what passed; those without a result in the middle."""
    shares = [mark.passed for mark in lane.marks if mark.passed is not None and mark.state == "completed"]
    low, high = min(shares, default=0.0), max(shares, default=1.0)

    def height(mark: Mark) -> float:
        if mark.state != "completed" or mark.passed is None or high <= low:
            return top + STRIP / 2
        return top + 5 + (STRIP - 10) * (high - mark.passed) / (high - low)

    placed = tuple(Placed(mark, lane.kind, height(mark), "", left=False) for mark in lane.marks)
    return Band(lane, top, STRIP, placed, low, high)


def _rows(lane: Lane, top: float, pixel: Callable[[datetime], float], width: float) -> Band:
    taken: list[list[tuple[float, float]]] = [[]]
    placed = []
    for mark in sorted(lane.marks, key=lambda mark: (not mark.key, mark.at)):
        row, label, left = _room(mark, taken, pixel, width)
        placed.append(Placed(mark, lane.kind, top + (row + 0.5) * ROW, label, left))
    return Band(lane, top, len(taken) * ROW, tuple(placed))


def _room(
    mark: Mark, taken: list[list[tuple[float, float]]], pixel: Callable[[datetime], float], width: float
) -> tuple[int, str, bool]:
    """The row, the label that fits there, and its side; the room is taken."""
    at = pixel(mark.at)
    first = min(pixel(mark.low), at) if mark.low else at
    last = max(pixel(mark.high), at) if mark.high else at
    labels = [f"{mark.key} {shortened(mark.id, _LABEL)}", mark.key, ""] if mark.key else [""]
    for label in labels:
        size = cell_len(label) * _LETTER + REACH if label else 0.0
        left = last + REACH + size > width and first - REACH - size >= 0
        need = (first - REACH - size * left, last + REACH + size * (not left))
        for number in range(MOST_ROWS if mark.key else len(taken)):
            if number == len(taken):
                taken.append([])
            if all(need[1] <= start or need[0] >= end for start, end in taken[number]):
                taken[number].append(need)
                return number, label, left
    return 0, "", False
