"""Messages of protobuf, many at a time: bytes in, the places of their fields out.

A message is one field after the other: a tag (the number of the field and the kind of what follows), then a number, or a
length and so many bytes, or eight or four bytes (https://protobuf.dev/programming-guides/encoding). Step by step the next
field of every message is looked at, for all of them at once; no object is made. A message that is written in any other
way than the usual one is told, and is for a protobuf library to read.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

Bytes = np.ndarray[tuple[int], np.dtype[np.uint8]]
Places = np.ndarray[tuple[int], np.dtype[np.int64]]
Marks = np.ndarray[tuple[int], np.dtype[np.bool_]]

LENGTH = 5
"""Bytes of the longest length that is read."""
_NUMBER, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5
_FLAGS = (0x85, 0x01)
"""The one tag of two bytes that spans usually have: four bytes of flags."""
_MOST = 200
"""Fields of a message that are looked at here."""
_NOWHERE = -(1 << 62)
_BEHIND = bytes(600)
"""What may be looked at behind the last message."""


class Fields(NamedTuple):
    """The fields of messages, as columns; those of one message stand in their order, though not next to each other."""

    messages: Places
    tags: Bytes
    begins: Places
    sizes: Places
    unusual: Marks
    """Which of the messages have something that was not read."""


def joined(parts: list[bytes]) -> tuple[Bytes, Places, Places]:
    """Bytes behind each other, and where each part begins and ends."""
    sizes = np.fromiter(map(len, parts), np.int64, len(parts))
    ends = np.cumsum(sizes)
    return np.frombuffer(b"".join([*parts, _BEHIND]), np.uint8), ends - sizes, ends


def fields(data: Bytes, begins: Places, ends: Places) -> Fields:
    """The fields of the messages that begin and end at some places; behind the last, ``data`` goes on as ``joined`` leaves it."""
    at, unusual = begins.copy(), np.zeros(len(begins), np.bool_)
    none = np.zeros(0, np.int64)
    found: list[tuple[Places, Bytes, Places, Places]] = [(none, none.astype(np.uint8), none, none)]
    going = np.arange(len(begins))
    for _ in range(_MOST):
        going = going[at[going] < ends[going]]
        if not len(going):
            break
        place = at[going]
        tags = data[place]
        kinds = tags & 7
        flags = (tags == _FLAGS[0]) & (data[place + 1] == _FLAGS[1])
        lengths, behind = numbers(data, place + 1, LENGTH)
        start = np.where(kinds == _BYTES, behind, place + 1 + flags)
        stop = np.select(
            [kinds == _NUMBER, kinds == _BYTES, kinds == _EIGHT, kinds == _FOUR],
            [behind, behind + lengths, start + 8, start + 4],
            _NOWHERE,
        )
        known = ((tags < 0x80) | flags) & (stop >= start) & (start > place) & (stop <= ends[going])
        unusual[going[~known]] = True
        found.append((going[known], tags[known], start[known], (stop - start)[known]))
        at[going] = np.where(known, stop, ends[going])
    unusual[going] |= at[going] < ends[going]
    messages, tagged, starts, sizes = zip(*found, strict=True)
    return Fields(
        np.concatenate(messages), np.concatenate(tagged), np.concatenate(starts), np.concatenate(sizes), unusual
    )


def numbers(data: Bytes, at: Places, longest: int) -> tuple[Places, Places]:
    """The numbers that begin at some places, and where they end: nowhere, if they have more than ``longest`` bytes."""
    first = data[at]
    found, ends = (first & 0x7F).astype(np.int64), at + 1
    going = np.flatnonzero(first >= 0x80)
    for place in range(1, longest):
        if not len(going):
            break
        byte = data[ends[going]]
        found[going] |= (byte & 0x7F).astype(np.int64) << 7 * place
        ends[going] += 1
        going = going[byte >= 0x80]
    ends[going] = _NOWHERE
    return found, ends


def cut(data: Bytes, begins: Places, sizes: Places) -> pa.Array:
    """The pieces of the bytes that begin at some places, each behind the one before, as a binary column."""
    if not len(begins):
        return pa.array([], pa.binary())
    ends = begins + sizes
    between = np.column_stack([begins - np.concatenate([[0], ends[:-1]]), sizes]).ravel()
    inside = np.repeat(np.tile([False, True], len(sizes)), between)
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
    text = data[: ends[-1]][inside]
    return pa.Array.from_buffers(pa.binary(), len(sizes), [None, pa.py_buffer(offsets), pa.py_buffer(text)])
