"""Spans as OTLP writes them, many at a time, in; their ids, times and attributes, as columns, out.

Where the fields of all of them lie is worked out at once (``otlp_fields``). A span that has something unusual, as events,
links, or a message with its status, is decoded by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from blameline.sources.otlp_attributes import Attributes, attributes
from blameline.sources.otlp_fields import Bytes, Fields, Marks, Places, fields, joined
from blameline.sources.otlp_messages import KIND, KINDS, beside, classes, written

_USUAL = (0x0A, 0x12, 0x22, 0x2A, 0x30, 0x39, 0x41, 0x4A, 0x7A, 0x85)
_TRACE, _SPAN, _PARENT, _TITLE, _KIND, _BEGAN, _ENDED, _ATTRIBUTE, _STATUS, _FLAGS = _USUAL
"""The tags of a span's usual fields; the number is that of the specification, the last three bits say what follows."""
_CODE = 0x18
_STATUSES = (None, b"ok", b"error")


@dataclass
class Spans:
    """Columns of spans, and their attributes apart."""

    ids: list[list[str]]
    """Of the trace, the span and the parent; empty where there is none."""
    titles: list[bytes]
    began: list[int]
    ended: list[int]
    statuses: list[bytes | None]
    own: Attributes
    owners: Places
    """The span that each of the attributes in ``own`` belongs to."""
    beside: list[bytes] = field(default_factory=list)
    """Further attributes, as they are written."""
    besides: list[int] = field(default_factory=list)
    """The span that each of those belongs to."""
    broken: list[int] = field(default_factory=list)
    """Spans that cannot be decoded."""


def spans(found: list[bytes]) -> Spans:
    """What some spans say; together they must be less than 2 GB."""
    data, begins, ends = joined(found)
    places = fields(data, begins, ends)
    slow = places.unusual
    slow[places.messages[~np.isin(places.tags, _USUAL)]] = True
    ids = [_fixed(data, places, tag, width, slow) for tag, width in ((_TRACE, 16), (_SPAN, 8), (_PARENT, 8))]
    began, ended = (_fixed(data, places, tag, 8, slow).view("<u8")[:, 0].tolist() for tag in (_BEGAN, _ENDED))
    kinds, codes = (_small(data, places, tag, slow) for tag in (_KIND, _STATUS))
    titles = [b""] * len(found)
    for row, begin, size in zip(*(column.tolist() for column in _of(places, _TITLE)), strict=True):
        titles[row] = data[begin : begin + size].tobytes()
    owners, own_begins, own_sizes = _of(places, _ATTRIBUTE)
    order = np.argsort(own_begins)
    order = order[~slow[owners[order]]]
    own = attributes(data, own_begins[order], own_begins[order] + own_sizes[order])
    read = Spans(
        [_hex(one) for one in ids], titles, began, ended, [_status(code) for code in codes.tolist()], own, owners[order]
    )
    words = [written(KIND, word) if word else b"" for word in KINDS]
    for row in np.flatnonzero(~slow & (kinds > 0) & (kinds < len(words))).tolist():
        read.beside.append(words[kinds[row]])
        read.besides.append(row)
    for row in np.flatnonzero(slow).tolist():
        _by_itself(read, row, found[row])
    return read


def _by_itself(read: Spans, row: int, one: bytes) -> None:
    try:
        span = classes().span.FromString(one)
    except classes().undecodable:
        read.broken.append(row)
        return
    for column, value in zip(read.ids, (span.trace_id, span.span_id, span.parent_span_id), strict=True):
        column[row] = _known(value.hex())
    read.titles[row] = span.name
    read.began[row] = span.start_time_unix_nano
    read.ended[row] = span.end_time_unix_nano
    read.statuses[row] = _status(span.status.code)
    more = [*span.attributes, *beside(span)]
    read.beside += more
    read.besides += [row] * len(more)


def _status(code: int) -> bytes | None:
    return _STATUSES[code] if 0 <= code < len(_STATUSES) else None


def _of(places: Fields, tag: int) -> tuple[Places, Places, Places]:
    """Where the fields with a tag lie: their messages, where they begin, their sizes."""
    chosen = places.tags == tag
    return places.messages[chosen], places.begins[chosen], places.sizes[chosen]


def _fixed(
    data: Bytes, places: Fields, tag: int, width: int, slow: Marks
) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """A field of so many bytes, a row a span; zeros where there is none."""
    rows, begins, sizes = _of(places, tag)
    slow[rows[sizes != width]] = True
    right = sizes == width
    found = np.zeros((len(slow), width), np.uint8)
    found[rows[right]] = data[begins[right][:, None] + np.arange(width)]
    return found


def _small(data: Bytes, places: Fields, tag: int, slow: Marks) -> Bytes:
    """A number of one byte, which may be all of a message; zero where there is none."""
    rows, begins, sizes = _of(places, tag)
    right = sizes == 1
    if tag == _STATUS:  # a message that has nothing but its code, if that
        right = (sizes == 2) & (data[begins] == _CODE)
        right |= sizes == 0
    last = begins + sizes - 1
    right &= data[last] < 0x80
    slow[rows[~right]] = True
    found = np.zeros(len(slow), np.uint8)
    right &= sizes > 0
    found[rows[right]] = data[last[right]]
    return found


def _hex(found: np.ndarray[tuple[int, int], np.dtype[np.uint8]]) -> list[str]:
    text, width = found.tobytes().hex(), 2 * found.shape[1]
    return [_known(text[at : at + width]) for at in range(0, len(text), width)]


def _known(one: str) -> str:
    """An id; one that is all zeros stands for none."""
    return one if one.strip("0") else ""
