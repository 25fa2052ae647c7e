"""Large JSON documents: a file in; each value of the places that are asked for out, one at a time.

The document is never held as a whole: only the value that is being read is, and there is a limit to that.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from json import JSONDecodeError, JSONDecoder
from typing import TYPE_CHECKING, Any

from blameline.records import Problem
from blameline.sources.unpacked import DAMAGE, pieces

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from blameline.sources.heads import File

LARGEST = 1 << 28
"""Characters of one value (a case with its transcript) that are read at most."""
_CUT = 16
"""A fault this near to the end of what was read may only mean that there is more to read (``tru``, ``-Infin``)."""
_SPACE = " \t\r\n"


@dataclass(frozen=True)
class Part:
    """One value of the document."""

    path: str
    """Dotted names down to it; for an item of a list, those of the list."""
    value: Any
    line: int


class _Fault(Exception):
    """The document cannot be read on from here."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


def walk(file: File, into: Collection[str]) -> Iterator[Part | Problem]:
    """Every value below the root and below the objects and lists named in ``into``, each decoded by itself.

    What is damaged ends the walk with one ``Problem``; what came before it has been given.
    """
    text = _Text(file)
    try:
        yield from _opened(text, "", into)
        text.end()
    except _Fault as fault:
        yield Problem(source=file.source, line=fault.line, message=text.damage or fault.message)
    if text.foreign:
        yield Problem(source=file.source, line=text.foreign, message="some of the text is not UTF-8")


def _opened(text: _Text, path: str, into: Collection[str]) -> Iterator[Part]:
    closing = "}" if text.take("{[") == "{" else "]"
    while text.peek() != closing:
        if closing == "]":
            line = text.line
            yield Part(path, text.value(), line)
        else:
            name = text.value()
            if not isinstance(name, str):
                raise _Fault("not JSON: a name in quotes is expected", text.line)
            text.take(":")
            inner = f"{path}.{name}" if path else name
            if inner in into and text.peek() in {"{", "["}:
                yield from _opened(text, inner, into)
            else:
                line = text.line
                yield Part(inner, text.value(), line)
        if text.peek() != closing:
            text.take(",")
    text.take(closing)


class _Text:
    """The text of a file as far as it was read, and the place reached in it."""

    def __init__(self, file: File) -> None:
        self.line = 1
        self.damage = ""
        self.foreign = 0
        self._pieces = pieces(file.path, file.head.compression)
        self._decode = codecs.getincrementaldecoder("utf-8-sig")(errors="replace").decode
        self._text = ""
        self._at = 0
        self._ended = False

    def peek(self) -> str:
        """The next character that is no space; nothing at the end."""
        while True:
            start = self._at
            while self._at < len(self._text) and self._text[self._at] in _SPACE:
                self._at += 1
            self.line += self._text.count("\n", start, self._at)
            if self._at < len(self._text):
                return self._text[self._at]
            if self._ended:
                return ""
            self._more(1)

    def take(self, expected: str) -> str:
        """The next character, which must be one of those that are expected."""
        found = self.peek()
        if not found or found not in expected:
            where = f"{found!r} where {' or '.join(expected)} is expected" if found else "the file ends early"
            raise _Fault(f"not JSON from here on: {where}", self.line)
        self._at += 1
        return found

    def end(self) -> None:
        """Make sure that nothing follows."""
        if self.peek():
            raise _Fault("not read from here on: there is more behind the end of the document", self.line)

    def value(self) -> Any:  # noqa: ANN401  JSON of any shape
        """The value that comes next."""
        self.peek()
        while True:
            fault, near = "", True
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except JSONDecodeError as error:
                fault = error.msg
                near = fault.startswith("Unterminated") or error.pos >= len(self._text) - _CUT
            except RecursionError:
                fault, near = "nested too deeply", False
            except ValueError as error:
                fault, near = str(error), False
            else:
                number = type(value) in {int, float}  # of ``1.`` and ``1e+`` the decoder takes the 1
                if end + 3 * number < len(self._text) or self._ended:
                    self.line += self._text.count("\n", self._at, end)
                    self._at = end
                    return value
            held = len(self._text) - self._at
            if fault and (not near or self._ended):
                early = "the file ends early" if near else fault
                raise _Fault(f"not JSON from here on: {early}", self.line)
            if held > LARGEST:
                raise _Fault("not read from here on: one value is too large", self.line)
            self._more(held)

    def _more(self, least: int) -> None:
        """Read on, by at least as many characters as are asked for."""
        parts = [self._text[self._at :]]
        got = 0
        try:
            while got < least or not got:
                raw = next(self._pieces, b"")
                parts.append(self._decode(raw, final=not raw))
                got += len(parts[-1])
                if not self.foreign and "\ufffd" in parts[-1] and b"\xef\xbf\xbd" not in raw:
                    self.foreign = self.line
                if not raw:
                    self._ended = True
                    break
        except DAMAGE as error:
            self._ended = True
            self.damage = f"the file is damaged from here on: {str(error).strip() or type(error).__name__}"
        self._text = "".join(parts)
        self._at = 0


_DECODER = JSONDecoder()
