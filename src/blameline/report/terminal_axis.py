"""Moments as columns of a terminal, and lines of cells with the name of their lane before them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size

from blameline.report import captions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blameline.report.glyphs import Glyphs

GUTTER = 11
"""Cells for the names of lanes on a narrow terminal."""


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
class Row:
    """One line of a lane."""

    columns: int
    cells: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.cells = [" "] * self.columns

    def takes(self, first: int, last: int) -> bool:
        """Whether nothing is there yet."""
        return all(cell == " " for cell in self.cells[first : last + 1])


def line(label: str, cells: Sequence[str], axis: Axis, glyphs: Glyphs, edge: str = "") -> str:
    """Cells with the name of their lane before them."""
    shown = cut(captions.printable(label), axis.gutter, glyphs)
    return f"{' ' * (axis.gutter - cell_len(shown))}{shown} {edge or glyphs.edge}{''.join(cells)}"
