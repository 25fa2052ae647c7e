"""JSON in any layout: one value a line, written over many lines one after another, or a list; each value, with its line, out.

Nothing but the value at hand is in memory. A broken value is told and the next one is read.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from blameline.records import Problem
from blameline.sources.lines import lines
from blameline.sources.unpacked import LARGEST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from blameline.sources.heads import File

_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\]]')

_EARLY = "the value is not complete"


class Document(NamedTuple):
    """One value, and the line that it begins on."""

    line: int
    value: Any


def documents(file: File) -> Iterator[Document | Problem]:
    """Each JSON value of a file; what is no JSON, or no UTF-8, is told with its line."""
    whole = file.head.shape == "json"
    for part in _over_lines(file) if whole else lines(file):
        if isinstance(part, Problem):
            yield part
            continue
        number, text = part
        if not text.strip(b"\0 \t\r\n"):  # a machine that lost power leaves zeros behind the last line
            continue
        found, message = read(text)
        if message:
            yield Problem(source=file.source, line=number, message=message)
        if not isinstance(found, Unread):
            yield Document(number, found)


class Unread:
    """Stands for a value that could not be had."""


def read(text: bytes) -> tuple[Any, str]:
    """The value that a text holds, and what is wrong with the text; ``Unread`` where it holds none."""
    note = ""
    try:
        try:
            return json.loads(text), note
        except UnicodeDecodeError:
            note = "a text is not UTF-8; what is broken was replaced"
            return json.loads(text.decode(errors="replace")), note
    except RecursionError:
        return Unread(), "not read: it is nested too deep"
    except ValueError as error:
        if len(text) > LARGEST:
            return Unread(), f"longer than {LARGEST >> 20} MB"
        ended = "" if text.endswith(b"\n") else "the last line is cut short: "
        return Unread(), f"{ended}not JSON: {str(error).splitlines()[0]}"


def _over_lines(file: File) -> Iterator[tuple[int, bytes] | Problem]:
    """Each value that is written over many lines, with the line that it begins on."""
    brackets = _Brackets()
    for part in lines(file):
        if isinstance(part, Problem):
            yield part
            continue
        if brackets.abandoned(part[1]):
            yield Problem(source=file.source, line=brackets.first, message=f"not JSON: {_EARLY}")
            brackets.reset()
        yield from brackets.fed(*part)
    if brackets.depth > brackets.outer:
        yield Problem(source=file.source, line=brackets.first, message=f"not JSON: the file ends and {_EARLY}")
    elif brackets.depth > 0:
        yield Problem(source=file.source, line=brackets.first, message="the list is not closed: the file ends early")


class _Brackets:
    """Finds where values begin and end."""

    def __init__(self) -> None:
        self.outer = 0
        """1 inside a list of values."""
        self.first = 1
        self._begun = self._indented = False
        self.reset()

    def reset(self) -> None:
        """Forget the value that is open."""
        self.depth = 0
        self._parts: list[bytes] = []
        self._size = 0

    def abandoned(self, line: bytes) -> bool:
        """True when a value begins at the margin though the one before, whose lines are indented, is open."""
        return self._indented and self.depth > self.outer == 0 and line[:1] == b"{"

    def fed(self, number: int, line: bytes) -> Iterator[tuple[int, bytes]]:
        """The values that end in this line."""
        if not self._begun:
            self._begun = bool(line.strip())
            self.outer = int(line.lstrip()[:1] == b"[")
        elif not self._indented:
            self._indented = line[:1] in b" \t"
        start = 0
        for found in _TOKENS.finditer(line):
            mark = found.group()
            if mark in b"{[":
                self.depth += 1
                if self.depth == self.outer + 1:
                    start, self.first = found.start(), number
            elif mark in b"}]":
                self.depth -= 1
                if self.depth == self.outer:
                    yield self.first, b"".join([*self._parts, line[start : found.end()], b"\n"])
                    self._parts, self._size, start = [], 0, found.end()
        if self.depth > self.outer and self._size <= LARGEST:
            self._parts.append(line[start:])
            self._size += len(line) - start
