"""OTLP requests as protobuf bytes: the start of one in, what it carries (spans, logs, metrics) out.

Only tags and lengths are read, so that any file can be looked at before a protobuf library is loaded. The three kinds
of request have the same outer layers; their innermost records tell them apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

Signal = Literal["spans", "logs", "metrics"]
Field = tuple[int, int, int, int]
"""Number, wire type, and where the content begins and ends."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_LONGEST_VARINT = 10


class Malformed(ValueError):
    """These bytes are no OTLP request."""


def begins(data: bytes) -> bool:
    """True when a file that starts with these bytes holds requests, each behind its length, or one alone."""
    try:
        return framed(data) is not None and bool(signal(data, 4 if framed(data) else 0))
    except Malformed:
        return False


def framed(data: bytes) -> bool | None:
    """Whether the first request stands behind its length; nothing when neither can be."""
    if data[:1] == b"\x0a":
        return False
    return True if data[4:5] == b"\x0a" else None


def signal(data: bytes, start: int = 0) -> Signal | None:
    """What the request carries; nothing where it carries nothing. Raises ``Malformed``.

    A request that is cut off is judged by what is there.
    """
    end = len(data)
    if start:
        end = min(end, start + int.from_bytes(data[start - 4 : start], "big"))
    for resource in _layer(data, start, end, {1}):
        for scope in _layer(data, resource[2], resource[3], {1, 2, 3}):
            if scope[0] == 2:
                for record in _layer(data, scope[2], scope[3], {1, 2, 3}):
                    if record[0] == 2 and (found := _record(data, record[2], record[3])):
                        return found
    return None


def varint(data: bytes, at: int) -> tuple[int, int]:
    """The number that begins at a place, and where it ends. Raises ``Malformed``."""
    value = 0
    for place, byte in enumerate(data[at : at + _LONGEST_VARINT]):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, at + place + 1
    raise Malformed("a number without an end")


def _layer(data: bytes, start: int, end: int, known: set[int]) -> Iterator[Field]:
    for field in _fields(data, start, end):
        if field[1] != _BYTES or field[0] not in known:
            raise Malformed(f"an unexpected field {field[0]}")
        yield field


def _fields(data: bytes, start: int, end: int) -> Iterator[Field]:
    while start < end:
        try:
            tag, start = varint(data, start)
            if tag & 7 == _BYTES:
                size, start = varint(data, start)
            elif tag & 7 == _VARINT:
                size = varint(data, start)[1] - start
            else:
                size = {_FIXED64: 8, _FIXED32: 4}.get(tag & 7, -1)
        except Malformed:
            if end == len(data):
                return  # the bytes end here, not the record
            raise
        if not tag >> 3 or size < 0 or (start + size > end and end < len(data)):
            raise Malformed("lengths that contradict each other")
        yield tag >> 3, tag & 7, start, min(start + size, end)
        start += size


def _record(data: bytes, start: int, end: int) -> Signal | None:
    found = {(number, kind): stop - begin for number, kind, begin, stop in _fields(data, start, end)}
    if any(number > 20 for number, _ in found):
        raise Malformed("an unexpected field")
    if (7, _FIXED64) in found or (8, _FIXED64) in found:
        return "spans"
    if (1, _FIXED64) in found or (11, _FIXED64) in found or (2, _VARINT) in found:
        return "logs"
    ids = found.get((1, _BYTES)), found.get((2, _BYTES))
    if ids == (16, 8):
        return "spans"
    if (found.get((9, _BYTES)), found.get((10, _BYTES))) == (16, 8):
        return "logs"
    metric = {(5, _BYTES), (7, _BYTES), (9, _BYTES), (10, _BYTES), (11, _BYTES)}
    return "metrics" if (1, _BYTES) in found and metric & found.keys() else None
