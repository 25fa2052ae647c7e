"""Attributes as OTLP writes them, many at a time, in; Arrow columns of their names and texts out.

A pair is a tag, the length of the name, the name; a tag, the length of the value; and the value: its tag, then a length and a
text, or a number (https://protobuf.dev/programming-guides/encoding). Texts and numbers written in that order are nearly all
there is, and their places are worked out for all of them at once; every other pair is decoded by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from blameline.sources.otlp_fields import LENGTH, Bytes, Marks, Places, cut, numbers
from blameline.sources.otlp_messages import classes, told

if TYPE_CHECKING:
    from collections.abc import Iterable

_NAME, _VALUE, _TEXT, _NUMBER = 0x0A, 0x12, 0x0A, 0x18
_DIGITS = 9
"""Bytes of the longest number that is read at once."""


class Attributes(NamedTuple):
    """Names and texts, as binary columns; those without a value are left out."""

    names: pa.Array
    said: pa.Array
    kept: Marks
    """Which of the given ones are there."""
    broken: list[int]
    """Those that cannot be decoded, by their place among the given ones."""


def attributes(data: Bytes, begins: Places, ends: Places) -> Attributes:
    """The attributes that begin and end at some places, each behind the one before; they must be less than 2 GB."""
    name_sizes = data[begins + 1].astype(np.int64)
    values = begins + 2 + name_sizes
    value_sizes, value_begins = numbers(data, values + 1, LENGTH)
    plain = (
        (data[begins] == _NAME) & (name_sizes < 0x80) & (data[values] == _VALUE) & (value_begins + value_sizes == ends)
    )
    value_begins = np.where(plain, value_begins, 0)
    kinds = data[value_begins]
    text_sizes, text_begins = numbers(data, value_begins + 1, LENGTH)
    counts, count_ends = numbers(data, value_begins + 1, _DIGITS)
    texts = plain & (kinds == _TEXT) & (text_begins + text_sizes == ends)
    whole = plain & (kinds == _NUMBER) & (count_ends == ends)
    quick = texts | whole
    others, kept, broken = _others(data, begins, ends, ~quick)
    slow = kept & ~quick
    names = [
        (quick, cut(data, begins[quick] + 2, name_sizes[quick])),
        (slow, _column(name for name, _ in others)),
    ]
    said = [
        (texts, cut(data, text_begins[texts], text_sizes[texts])),
        (whole, pa.array(counts[whole]).cast(pa.string()).cast(pa.binary())),
        (slow, _column(text for _, text in others)),
    ]
    return Attributes(_placed(names), _placed(said), kept, broken)


def _others(
    data: Bytes, begins: Places, ends: Places, slow: Marks
) -> tuple[list[tuple[bytes, bytes]], Marks, list[int]]:
    """Those that are not read at once, each by itself; which of all are there; which are broken."""
    found, kept, broken = [], np.ones(len(slow), np.bool_), []
    for place in np.flatnonzero(slow).tolist():
        try:
            pair = told(data[begins[place] : ends[place]].tobytes())
        except classes().undecodable:
            pair = None
            broken.append(place)
        if pair:
            found.append(pair)
        else:
            kept[place] = False
    return found, kept, broken


def _column(found: Iterable[bytes]) -> pa.Array:
    return pa.array(list(found), pa.binary())


def _placed(parts: list[tuple[Marks, pa.Array]]) -> pa.Array:
    """Columns put together: each says at which places its values stand."""
    parts = [part for part in parts if len(part[1])]
    if len(parts) < 2:
        return parts[0][1] if parts else pa.array([], pa.binary())
    order = np.argsort(np.concatenate([np.flatnonzero(marks) for marks, _ in parts]), kind="stable")
    return pa.concat_arrays([column for _, column in parts]).take(pa.array(order))
