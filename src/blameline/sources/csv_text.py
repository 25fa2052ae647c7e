"""CSV as people and programs write it: lines of text in; each row with the line that it begins on, out.

A quote that never closes costs its own line, not those behind it.
"""

from __future__ import annotations

import csv
from collections import deque
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_LONGEST_FIELD = 1 << 24
"""Characters of one field: a whole conversation, but not the rest of a file whose quote was never closed."""
_FIELD_LIMIT = Lock()
_OPEN = "unexpected end of data"
"""What Python says of a quote that is open at the end of a file."""


@dataclass(frozen=True)
class Row:
    """One row; ``fault`` says why it has no values."""

    line: int
    values: list[str] = field(default_factory=list)
    fault: str = ""


def rows(texts: Iterable[str], delimiter: str) -> Iterator[Row]:
    """Each row that is not empty; the first is the header, and no other has more or fewer fields."""
    lines = _Lines(texts)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    line, width = 1, 0
    while True:
        values, fault = _next(reader)
        if values is None and not fault:
            return
        if fault or (width and len(values or ()) != width):
            values, fault = _mended(lines, values, fault, width, delimiter)
        if not fault and values and (len(values) > 1 or values[0].strip()):
            if width and len(values) != width:
                fault = f"{'more' if len(values) > width else 'fewer'} fields than the header names"
            width = width or len(values)
            yield Row(line, [] if fault else values, fault)
        elif fault:
            yield Row(line, fault=fault)
        line += len(lines.taken)
        lines.taken.clear()


def _mended(
    lines: _Lines, values: list[str] | None, fault: str, width: int, delimiter: str
) -> tuple[list[str] | None, str]:
    """What to make of the lines of a row that breaks the rules, or has not as many fields as the header.

    Where one of the lines that a quote has taken in is a row by itself, the quote was never closed: they are read again.
    """
    behind = len(lines.taken) - 1
    lost = f"{behind} lines behind it were not read"
    if behind and width > 1 and any(_fields(part, delimiter) == width for part in lines.taken[1:]):
        lines.back()
        behind = 0
    elif not fault:
        return values, ""
    elif fault != _OPEN:  # quotes within a text that are not doubled
        found = [row for row, _ in _read(lines.taken, delimiter)]
        if len(found) == 1 and found[0] and (len(found[0]) == width or not behind):
            return found[0], ""
        if not behind:
            return None, f"not CSV: {fault}"
    return None, f"a quote that opens in this row never closes: {lost if behind else 'the row was not read'}"


def _fields(line: str, delimiter: str) -> int:
    return sum(len(row or ()) for row, _ in _read([line], delimiter))


def _read(lines: list[str], delimiter: str) -> list[tuple[list[str] | None, str]]:
    """Rows by looser rules."""
    reader = csv.reader(lines, delimiter=delimiter)
    return list(iter(lambda: _next(reader), (None, "")))


def _next(reader: Iterator[list[str]]) -> tuple[list[str] | None, str]:
    """The next row, or what is wrong with it.

    The limit to the length of a field is one for all of Python: it is put back at once.
    """
    with _FIELD_LIMIT:
        before = csv.field_size_limit(_LONGEST_FIELD)
        try:
            return next(reader, None), ""
        except csv.Error as error:
            return None, str(error)
        finally:
            csv.field_size_limit(before)


class _Lines:
    """Lines that can be given back."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.taken: list[str] = []
        """What the row that is being read has taken."""
        self._texts = iter(texts)
        self._again: deque[str] = deque()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._texts)
        self.taken.append(line)
        return line

    def back(self) -> None:
        """Give back all but the first."""
        self._again.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]
