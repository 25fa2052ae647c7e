"""Texts that are looked for among bytes which come in pieces: which of them are there, in one pass for all."""

from __future__ import annotations

import re


def any_of(needles: tuple[bytes, ...]) -> re.Pattern[bytes]:
    """A pattern that finds one of them; what all begin with is searched quickest."""
    begun = needles[0]
    while not all(one.startswith(begun) for one in needles):
        begun = begun[:-1]
    return re.compile(re.escape(begun) + b"(?:" + b"|".join(re.escape(one[len(begun) :]) for one in needles) + b")")


class Search:
    """Looks for needles in pieces that follow each other: one pass over a piece for all that are not found yet."""

    def __init__(self, needles: tuple[bytes, ...]) -> None:
        """Nothing is found yet; needles that begin alike are found quickest."""
        self.found: set[bytes] = set()
        self._missing = needles
        self._overlap = max(map(len, needles), default=1) - 1
        self._tail = b""
        self._lay()

    def _lay(self) -> None:
        self._pattern = any_of(self._missing) if self._missing else None

    def look(self, piece: bytes | bytearray, length: int) -> None:
        """The next piece, which is so many bytes long."""
        if self._overlap:
            self._seek(self._tail + piece[: min(self._overlap, length)], self._overlap * 2)
            self._seek(piece, length)
            self._tail = bytes((self._tail + piece[max(length - self._overlap, 0) : length])[-self._overlap :])

    def _seek(self, piece: bytes | bytearray, length: int) -> None:
        begin = 0
        while self._pattern and (met := self._pattern.search(piece, begin, length)):
            self.found.add(met[0])
            self._missing = tuple(one for one in self._missing if one != met[0])
            self._lay()
            begin = met.start()
