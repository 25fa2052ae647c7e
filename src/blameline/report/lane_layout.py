"""Where marks and their labels go in the lanes of an image: no label over another, in as few rows as that takes.

Moments become pixels, and labels become widths by the letters of the Liberation Sans of ``FONT`` pixels that images are drawn
with. A label goes right of its mark, or left of it at the end of the axis, in the first row with room. Where ids have no room
all marks of the lane have their letters alone, and what has no room even so is a tick in a row below, as are marks without a
letter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len

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
MOST_ROWS = 5
REACH = 7
"""Half of a symbol, in pixels, and its distance from the next thing."""
MOST_LETTERS = 400
_LABEL = 150
"""Pixels of an id beside its mark."""
_NARROW, _BROAD, _BROADEST = (
    frozenset("iljtfrI.,:;'|![]()/ "),
    frozenset("mwABCDGHKNOPQRSUVXY&%<>=+~_"),
    frozenset("WM@—…"),
)


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
    tick: bool = False
    """It is a tick, without a symbol of its own."""


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


def pixels(text: str) -> float:
    """How wide a text is, rather more than less."""
    return sum(
        5.2 if sign in _NARROW else 8.4 if sign in _BROAD else 11.4 if sign in _BROADEST or cell_len(sign) > 1 else 6.4
        for sign in text
    )


def shortened(text: str, most: float) -> str:
    """Text that can be printed, no wider than so many pixels."""
    shown = printable(text[:MOST_LETTERS])
    if pixels(shown) <= most and len(text) <= MOST_LETTERS:
        return shown
    while shown and pixels(shown) + pixels("…") > most:
        shown = shown[:-1]
    return shown.rstrip() + "…"


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
    keyed = sorted((mark for mark in lane.marks if mark.key), key=lambda mark: (mark.low is None, mark.at))
    for labels in ([f"{mark.key} {shortened(mark.id, _LABEL)}" for mark in keyed], [mark.key for mark in keyed]):
        taken: list[list[tuple[float, float]]] = []
        places = [_room(mark, label, taken, pixel, width) for mark, label in zip(keyed, labels, strict=True)]
        if None not in places:
            break
    placed = [
        Placed(mark, lane.kind, top + (place[0] + 0.5) * ROW, label, place[1])
        for mark, label, place in zip(keyed, labels, places, strict=True)
        if place is not None
    ]
    drawn = {id(one.mark) for one in placed}
    rest = [mark for mark in lane.marks if id(mark) not in drawn]
    bottom = top + (len(taken) + 0.5) * ROW
    placed += [Placed(mark, lane.kind, bottom, "", left=False, tick=True) for mark in rest]
    return Band(lane, top, (len(taken) + bool(rest)) * ROW, tuple(placed))


def _room(
    mark: Mark, label: str, taken: list[list[tuple[float, float]]], pixel: Callable[[datetime], float], width: float
) -> tuple[int, bool] | None:
    """The row where the mark and its label have room, and whether the label stands left; the room is taken."""
    at = pixel(mark.at)
    first = max(min(pixel(mark.low), at), 0.0) if mark.low else at
    last = min(max(pixel(mark.high), at), width) if mark.high else at
    size = pixels(label) + REACH
    left = last + REACH + size > width and first - REACH - size >= 0
    need = (first - REACH - size * left, last + REACH + size * (not left))
    for number in range(MOST_ROWS):
        if number == len(taken):
            taken.append([])
        if all(need[1] <= start or need[0] >= end for start, end in taken[number]):
            taken[number].append(need)
            return number, left
    return None
