"""Compressed files: a path in, the bytes that it holds out, piece by piece, as far as they can be had.

Read are gzip, zstd (frame after frame) and ``frames``: the collector's file exporter writes each message as a length
and one zstd frame, which no other tool unpacks. Whatever a file claims to hold, no more than a few megabytes of it are in memory.
"""

from __future__ import annotations

import os
import zlib
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from gzip import GzipFile
from typing import TYPE_CHECKING, BinaryIO, Literal

import zstandard

from blameline.sources.needles import Search

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Compression = Literal["none", "gzip", "zstd", "frames"]


class Explodes(OSError):
    """A file expands so much that it can only have been made to fill a disk or a memory."""


GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
DAMAGE = (EOFError, OSError, zlib.error, zstandard.ZstdError)
"""What is raised where the bytes end or break."""
LARGEST = 1 << 28
"""The longest message or line that is read; of a longer line only the start is given, and it is no JSON."""
_PIECE, _PLAIN_PIECE = 1 << 16, 1 << 20
_ZSTD_PIECE = 1 << 10
"""So few, because one packed kilobyte may hold 32 MB."""
_RATIO, _HARMLESS = 1000, 1 << 24
_CUT = 1 << 10


@dataclass(frozen=True)
class Message:
    """One message of a file in frames; ``fault`` says why there is none."""

    number: int
    offset: int
    """Where its frame begins in the file."""
    data: bytes = b""
    fault: str = ""


def compression(start: bytes) -> Compression:
    """How a file is compressed, by its first bytes."""
    if start[:2] == GZIP:
        return "gzip"
    if start[:4] == ZSTD:
        return "zstd"
    return "frames" if start[4:8] == ZSTD else "none"


_reading: list[BinaryIO] = []


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    with path.open("rb") as file:
        _reading.append(file)
        try:
            yield file
        finally:
            _reading.remove(file)


def read_so_far() -> int | None:
    """Bytes of the file that is read here now, as they lie on the disk; may be asked from another thread."""
    with suppress(IndexError, ValueError):  # it has just been closed
        return _reading[-1].tell()
    return None


def pieces(path: Path, how: Compression) -> Iterator[bytes]:
    """The unpacked bytes; one of ``DAMAGE`` is raised where they end too early, or where a file explodes.

    Messages in frames come one a line where they are JSON, and each behind its length where they are not.
    """
    with _opened(path) as file:
        yield from _pieces(file, how)


def _pieces(file: BinaryIO, how: Compression) -> Iterator[bytes]:
    if how == "gzip":
        with GzipFile(fileobj=file) as unpacked:
            yield from _guarded(iter(lambda: unpacked.read1(_PIECE), b""), file)
    elif how == "zstd":
        yield from _guarded(_zstd(file), file)
    elif how == "frames":
        for message in _messages(file):
            if message.fault:
                raise EOFError(message.fault)
            yield as_written(message.data)
    else:
        while piece := file.read(_PLAIN_PIECE):
            yield piece


def as_written(message: bytes) -> bytes:
    """A message as the file exporter writes it without compression."""
    if message[:1] == b"{":
        return message.rstrip(b"\n") + b"\n"
    return len(message).to_bytes(4, "big") + message


def messages(path: Path) -> Iterator[Message]:
    """The messages of a file in ``frames``; a damaged one has a ``fault``, and the next one comes after it."""
    with _opened(path) as file:
        yield from _messages(file)


def _guarded(found: Iterator[bytes], file: BinaryIO) -> Iterator[bytes]:
    unpacked = 0
    for piece in found:
        unpacked += len(piece)
        if unpacked > _HARMLESS and unpacked > _RATIO * file.tell():
            raise Explodes(f"it expands more than {_RATIO} times")
        if piece:
            yield piece


def _zstd(file: BinaryIO) -> Iterator[bytes]:
    frame = zstandard.ZstdDecompressor().decompressobj()
    begun = False
    while packed := file.read(_ZSTD_PIECE):
        while packed:
            begun = True
            yield frame.decompress(packed)
            packed = b""
            if frame.eof:
                packed, begun = frame.unused_data, False
                frame = zstandard.ZstdDecompressor().decompressobj()
    if begun:
        raise EOFError("the last frame is cut short")


def _messages(file: BinaryIO) -> Iterator[Message]:
    size = os.fstat(file.fileno()).st_size
    number, offset = 0, 0
    while length := file.read(4):
        number += 1
        size_of_frame = int.from_bytes(length, "big")
        if len(length) < 4 or offset + 4 + size_of_frame > size:
            yield Message(number, offset, fault="the last frame is cut short")
            return
        yield _message(number, offset, file.read(size_of_frame) if size_of_frame <= LARGEST else b"")
        offset += 4 + size_of_frame
        file.seek(offset)


def _message(number: int, offset: int, packed: bytes) -> Message:
    frame = zstandard.ZstdDecompressor().decompressobj()
    found = bytearray()
    try:
        for start in range(0, len(packed), _ZSTD_PIECE):
            found += frame.decompress(packed[start : start + _ZSTD_PIECE])
            if len(found) > LARGEST:
                return Message(number, offset, fault=f"it holds more than {LARGEST >> 20} MB")
            if frame.eof:
                break
    except zstandard.ZstdError as error:
        return Message(number, offset, fault=str(error))
    if not frame.eof:
        return Message(number, offset, fault="it is cut short" if packed else f"it is longer than {LARGEST >> 20} MB")
    return Message(number, offset, bytes(found))


def _looked_through(path: Path, how: Compression) -> Iterator[bytes]:
    """The same as ``pieces``, before the file is read: how far this is, is not how far the load is."""
    with path.open("rb") as file:
        yield from _pieces(file, how)


def searched(path: Path, how: Compression, needles: tuple[bytes, ...]) -> tuple[frozenset[bytes], str]:
    """Which texts a file holds, and how it ends early, in words; one pass for both. DuckDB does not always notice damage."""
    search = Search(needles)
    try:
        for piece in _looked_through(path, how):
            search.look(piece, len(piece))
    except DAMAGE as error:
        return frozenset(search.found), str(error).strip() or type(error).__name__
    return frozenset(search.found), ""


def damage(path: Path, how: Compression) -> str:
    """How a compressed file ends early, in words; nothing when it is whole. DuckDB does not always notice."""
    try:
        for _ in _looked_through(path, how):
            pass
    except DAMAGE as error:
        return str(error).strip() or type(error).__name__
    return ""


def split(found: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes line by line, each with its line feed; what comes before a damage is given first.

    Of a line beyond ``LARGEST`` only the first kilobyte is kept.
    """
    parts: list[bytes] = []
    length = 0
    try:
        for piece in found:
            if b"\n" not in piece:
                length += len(piece)
                parts = _grown(parts, piece, length)
                continue
            first, *whole = piece.split(b"\n")
            rest = whole.pop()
            yield b"".join([*parts, first, b"\n"]) if length <= LARGEST else parts[0] + b"\n"
            for line in whole:
                yield line + b"\n"
            parts, length = ([rest] if rest else []), len(rest)
    except DAMAGE:
        if parts:
            yield b"".join(parts)
        raise
    if parts:
        yield b"".join(parts)


def _grown(parts: list[bytes], piece: bytes, length: int) -> list[bytes]:
    """The parts with one more, or the first kilobyte of a line that has become too long."""
    if length > LARGEST:
        return [b"".join(parts[:2])[:_CUT]]
    parts.append(piece)
    return parts
