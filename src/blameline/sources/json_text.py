"""The text of a JSON file as far as it was read, and the place reached in it: bytes in, one decoded value at a time out."""

from __future__ import annotations

import codecs
import re
from json import JSONDecodeError, JSONDecoder
from typing import TYPE_CHECKING, Any

from blameline.sources.unpacked import DAMAGE, LARGEST, Compression, pieces

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CUT = 16
"""A fault this near to the end of what was read may only mean that there is more to read (``tru``, ``-Infin``)."""
_SPACE = re.compile(r"[ \t\r\n\0\ufeff]*")
_TOKENS = re.compile(r'"(?:[^"\\\n]|\\.)*(?:"|\Z)|[{}\[\],\n]')
_FOREIGN = re.compile("[\udc80-\udcff]")
_MOST_TOLD = 1000


class Fault(Exception):
    """There is no value to be had; ``broken`` says that it is no JSON."""

    def __init__(self, message: str, line: int, *, broken: bool = True) -> None:
        """What is wrong, and on which line."""
        super().__init__(message)
        self.message = message
        self.line = line
        self.broken = broken


class JsonText:
    """Reads one file; ``Fault`` is raised where it is not what was asked for."""

    def __init__(self, path: Path, compression: Compression) -> None:
        self.line = 1
        self.damage = ""
        """What is wrong with the file itself, once its end was reached too early."""
        self.ended = False
        self.passed = 0
        """Characters that are behind the place reached, roughly."""
        self._pieces = pieces(path, compression)
        self._decode = codecs.getincrementaldecoder("utf-8-sig")(errors="surrogateescape").decode
        self._text = ""
        self._at = 0
        self._foreign: list[int] = []
        self._told = 0

    def peek(self) -> str:
        """The next character that is no space; nothing at the end."""
        while True:
            start = self._at
            space = _SPACE.match(self._text, start)
            self._at = space.end() if space else start
            self.line += self._text.count("\n", start, self._at)
            if self._at < len(self._text):
                return self._text[self._at]
            if self.ended:
                return ""
            self._more(1)

    def take(self, expected: str) -> str:
        """The next character, which must be one of those that are expected."""
        found = self.peek()
        if not found or found not in expected:
            said = f"{found!r} where {' or '.join(expected)} is expected" if found else "the file ends early"
            raise Fault(said, self.line)
        self._at += 1
        return found

    def end(self) -> None:
        """Make sure that nothing follows."""
        if self.peek():
            raise Fault("there is more behind the end of the document", self.line, broken=False)

    def members(self) -> Iterator[str]:
        """The name of each member of the object that comes next; its value is to be taken before the next name."""
        self.take("{")
        while self.peek() != "}":
            name = self.value()
            if not isinstance(name, str):
                raise Fault("a name in quotes is expected", self.line)
            self.take(":")
            self.peek()
            yield name
            if self.peek() != "}":
                self.take(",")
        self.take("}")

    def items(self) -> Iterator[int]:
        """The line of each item of the list that comes next; the item is to be taken before the next line."""
        self.take("[")
        while self.peek() != "]":
            yield self.line
            if self.peek() != "]":
                self.take(",")
        self.take("]")

    def value(self) -> Any:  # noqa: ANN401  JSON of any shape
        """The value that comes next; after a ``Fault`` it still comes next."""
        self.peek()
        while True:
            fault, near, broken, where = "", True, True, self._at
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except JSONDecodeError as error:
                fault, where = error.msg, error.pos
                near = fault.startswith("Unterminated") or error.pos >= len(self._text) - _CUT
            except RecursionError:
                fault, near, broken = "nested too deeply", False, False
            except ValueError as error:
                fault, near = str(error), False
            else:
                number = type(value) in {int, float}  # of ``1.`` and ``1e+`` the decoder takes the 1
                if end + 3 * number < len(self._text) or self.ended:
                    self.line += self._text.count("\n", self._at, end)
                    self._at = end
                    return value
            held = len(self._text) - self._at
            if fault and (not near or self.ended):
                line = self.line + self._text.count("\n", self._at, where)
                raise Fault("the file ends early" if near else fault, line, broken=broken)
            if held > LARGEST:
                raise Fault(f"one value is longer than {LARGEST >> 20} MB", self.line, broken=False)
            self._more(held)

    def skip(self, *, inside: bool) -> bool:
        """Pass over the value that cannot be read; true when the bracket was found that closes it.

        ``inside`` a list, its end is left to be taken. Else a value is given up where the next one begins at the margin
        though the lines of this one are indented, or it began as one of those that stand on a line each.
        """
        depth, apart = 0, not self._text[self._at + 1 : self._at + 2].isspace()
        while mark := self._mark():
            if inside and not depth and mark in {"]", ","}:
                self._at -= 1
                return True
            depth += (mark in {"{", "["}) - (mark in {"}", "]"})
            if mark == "\n":
                if self._at == len(self._text) and not self.ended:
                    self._more(1)
                margin = self._text[self._at : self._at + 1]
                apart = apart or margin in {" ", "\t"}
                if depth > 0 and not inside and apart and margin == "{":
                    return False
            if depth <= 0 and mark in {"\n", "}", "]"}:
                return True
        return False

    def _mark(self) -> str:
        """The next bracket, comma or line feed outside of texts, which is passed; nothing at the end."""
        while True:
            found = _TOKENS.search(self._text, self._at)
            said = found.group() if found else ""
            whole = found is not None and (found.end() < len(self._text) or said[0] != '"' or self.ended)
            if whole and found is not None:
                self._at = found.end()
                self.line += said == "\n"
                if said[0] != '"':
                    return said
                continue
            if self.ended:
                self._at = len(self._text)
                return ""
            held = len(self._text) - (found.start() if found else len(self._text))
            self._at = len(self._text) - (held if held <= LARGEST else 0)
            self._more(held)

    def foreign(self) -> list[int]:
        """The lines up to here with text that is not UTF-8, which was replaced; each is told once."""
        told = [line for line in self._foreign if line <= self.line or self.ended]
        self._foreign = self._foreign[len(told) :]
        return told

    def _more(self, least: int) -> None:
        """Read on, by at least as many characters as are asked for."""
        parts = [self._text[self._at :]]
        line = self.line + self._text.count("\n", self._at)
        self.passed += self._at
        got = 0
        try:
            while got < least or not got:
                raw = next(self._pieces, b"")
                piece = self._decode(raw, final=not raw)
                if not piece.isascii() and _FOREIGN.search(piece):
                    for found in _FOREIGN.finditer(piece):
                        at = line + piece.count("\n", 0, found.start())
                        if self._told < _MOST_TOLD and at not in self._foreign[-1:]:
                            self._told += 1
                            self._foreign.append(at)
                    piece = _FOREIGN.sub("\ufffd", piece)
                line += piece.count("\n")
                parts.append(piece)
                got += len(piece)
                if not raw:
                    self.ended = True
                    break
        except DAMAGE as error:
            self.ended = True
            self.damage = f"the file is damaged from here on: {str(error).strip() or type(error).__name__}"
        self._text = "".join(parts)
        self._at = 0


_DECODER = JSONDecoder()
