"""JSON in any layout: a file in; each value of it, or of the places that are asked for, with its line, out.

One value a line, values over many lines one after another, a list, or one large object. A document is never held as a
whole: only the value that is being read is. A broken value is told and the next one is read.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from blameline.records import Problem
from blameline.sources.json_text import Fault, JsonText
from blameline.sources.line_by_line import lines
from blameline.sources.unpacked import LARGEST

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterator

    from blameline.sources.heads import File

_NOTHING = b"\0 \t\r\n"
"""A machine that lost power leaves zeros behind the last line; anywhere else they stand where a record was."""
_FOREIGN = "a text is not UTF-8; what is broken was replaced"


class Document(NamedTuple):
    """One value, and the line that it begins on."""

    line: int
    value: Any


@dataclass(frozen=True)
class Part:
    """One value inside a document."""

    path: str
    """Dotted names down to it; for an item of a list, those of the list."""
    value: Any
    line: int


class Unread:
    """Stands for a value that could not be had."""


def documents(file: File, lists: Collection[str] = (), *, unless: Collection[str] = ()) -> Iterator[Document | Problem]:
    """Each JSON value of a file; what is no JSON, or no UTF-8, is told with its line.

    An object that has a list under one of the names in ``lists``, and none of the names in ``unless``, is no value: it
    stands around those in its lists, which come in its place.
    """
    head = file.head
    names = {path.partition(".")[0] for path in head.paths}
    wanted = frozenset(lists)
    cut = not head.whole and "\n" not in head.text and bool(wanted & names)
    if head.shape == "json" or cut:
        yield from _streamed(file, frozenset() if names & set(unless) else wanted)
        return
    zeros = 0
    for part in lines(file):
        if isinstance(part, Problem):
            yield part
            continue
        number, line = part
        if not line.strip(_NOTHING):
            zeros = zeros or (number if b"\0" in line else 0)
            continue
        if zeros:
            yield Problem(source=file.source, line=zeros, message="not JSON: the line holds nothing but zeros")
            zeros = 0
        found, message = read(line)
        if message:
            yield Problem(source=file.source, line=number, message=message)
        if not isinstance(found, Unread):
            yield from (Document(number, one) for one in _opened(found, wanted, unless))


def _opened(found: Any, lists: Collection[str], unless: Collection[str]) -> list[Any]:  # noqa: ANN401  JSON of any shape
    """The values in the lists of an object; the value itself where there are none."""
    if not isinstance(found, dict) or any(name in found for name in unless):
        return [found]
    inner = [value for name, value in found.items() if name in lists and isinstance(value, list)]
    return [one for part in inner for one in part] if inner else [found]


def read(text: bytes) -> tuple[Any, str]:
    """The value that a text holds, and what is wrong with the text; ``Unread`` where it holds none."""
    note = ""
    try:
        try:
            return json.loads(text), note
        except UnicodeDecodeError:
            note = _FOREIGN
            return json.loads(text.decode(errors="replace")), note
    except RecursionError:
        return Unread(), "not read: it is nested too deeply"
    except ValueError as error:
        if len(text) > LARGEST:
            return Unread(), f"longer than {LARGEST >> 20} MB"
        if str(error).startswith("Extra data") and b"\r" in text.strip():
            return Unread(), "not JSON: the lines end in carriage returns alone; end them with line feeds"
        ended = "" if text.endswith(b"\n") else "the last line is cut short: "
        return Unread(), f"{ended}not JSON: {str(error).splitlines()[0]}"


def _streamed(file: File, lists: frozenset[str]) -> Iterator[Document | Problem]:
    text = JsonText(file.path, file.head.compression)
    try:
        while mark := text.peek():
            if mark == "[":
                yield from _items(text, file.source)
            elif mark == "{" and lists:
                yield from _page(text, lists, file.source)
            else:
                yield from _one(text, file.source, inside=False)
    except Fault as fault:
        said = f"not JSON from here on: {fault.message}" if fault.broken else f"not read from here on: {fault.message}"
        yield Problem(source=file.source, line=fault.line, message=text.damage or said)
    else:
        if text.damage:
            yield Problem(source=file.source, line=text.line, message=text.damage)
    yield from _foreign(text, file.source)


def _page(text: JsonText, lists: frozenset[str], source: str) -> Iterator[Document | Problem]:
    """The values in the lists of an object, or the object."""
    line, around, lists_found, start = text.line, dict[str, Any](), False, text.passed
    for name in text.members():
        if name in lists and text.peek() == "[":
            lists_found = True
            around.clear()
            yield from _items(text, source)
        elif lists_found:
            text.value()
        else:
            around[name] = text.value()
            if text.passed - start > LARGEST:
                raise Fault(f"one value is longer than {LARGEST >> 20} MB", line, broken=False)
    if not lists_found:
        yield Document(line, around)


def _items(text: JsonText, source: str) -> Iterator[Document | Problem]:
    """The values of a list; a missing comma harms none of them."""
    text.take("[")
    whole = True
    while (mark := text.peek()) != "]":
        if mark == ",":
            text.take(",")
        elif mark:
            whole = yield from _one(text, source, inside=True)
        else:
            if whole and not text.damage:
                message = "the list is not closed: the file ends early"
                yield Problem(source=source, line=text.line, message=message)
            return
    text.take("]")


def _one(text: JsonText, source: str, *, inside: bool) -> Generator[Document | Problem, None, bool]:
    """One value, or why there is none; false when the file ends in it."""
    text.peek()
    line = text.line
    try:
        value = text.value()
    except Fault as fault:
        closed = text.skip(inside=inside)
        if not closed and text.damage:
            return False
        if not fault.broken:
            said = f"not read: {fault.message}"
        elif closed:
            said = f"not JSON: {fault.message}"
        else:
            said = f"not JSON: {'the file ends early and ' if text.ended else ''}the value is not complete"
        yield Problem(source=source, line=line, message=said)
        whole = closed or not text.ended
    else:
        yield Document(line, value)
        whole = True
    yield from _foreign(text, source)
    return whole


def _foreign(text: JsonText, source: str) -> Iterator[Problem]:
    for line in text.foreign():
        yield Problem(source=source, line=line, message=_FOREIGN)


def walk(file: File, into: Collection[str]) -> Iterator[Part | Problem]:
    """Every value below the root and below the objects and lists named in ``into``, each decoded by itself.

    What is damaged ends the walk with one ``Problem``; what came before it has been given.
    """
    text = JsonText(file.path, file.head.compression)
    try:
        yield from _inside(text, "", into)
        text.end()
    except Fault as fault:
        said = f"not JSON from here on: {fault.message}" if fault.broken else f"not read from here on: {fault.message}"
        yield Problem(source=file.source, line=fault.line, message=text.damage or said)
    yield from _foreign(text, file.source)


def _inside(text: JsonText, path: str, into: Collection[str]) -> Iterator[Part]:
    if text.peek() != "{":
        for line in text.items():
            yield Part(path, text.value(), line)
        return
    for name in text.members():
        inner = f"{path}.{name}" if path else name
        if inner in into and text.peek() in {"{", "["}:
            yield from _inside(text, inner, into)
        else:
            line = text.line
            yield Part(inner, text.value(), line)
