"""Compressed files: a path in, the bytes that it holds out, piece by piece, as far as they can be had.

Read are gzip, zstd (frame after frame) and ``frames``: the collector's file exporter writes each message as a length
and one zstd frame, which no other tool unpacks.
"""

from __future__ import annotations

import zlib
from gzip import GzipFile
from typing import TYPE_CHECKING, BinaryIO, Literal

import zstandard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Compression = Literal["none", "gzip", "zstd", "frames"]

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
DAMAGE = (EOFError, OSError, zlib.error, zstandard.ZstdError)
"""What is raised where the bytes end or break."""
_PIECE = 1 << 16


def compression(start: bytes) -> Compression:
    """How a file is compressed, by its first bytes."""
    if start[:2] == GZIP:
        return "gzip"
    if start[:4] == ZSTD:
        return "zstd"
    return "frames" if start[4:8] == ZSTD else "none"


def pieces(path: Path, how: Compression) -> Iterator[bytes]:
    """The unpacked bytes; one of ``DAMAGE`` is raised where they end too early."""
    with path.open("rb") as file:
        if how == "gzip":
            with GzipFile(fileobj=file) as unpacked:
                while piece := unpacked.read1(_PIECE):
                    yield piece
        elif how == "zstd":
            yield from _zstd(file)
        elif how == "frames":
            yield from _frames(file)
        else:
            while piece := file.read(_PIECE):
                yield piece


def _zstd(file: BinaryIO) -> Iterator[bytes]:
    frame = zstandard.ZstdDecompressor().decompressobj()
    begun = False
    while packed := file.read(_PIECE):
        while packed:
            begun = True
            yield frame.decompress(packed)
            packed = b""
            if frame.eof:
                packed, begun = frame.unused_data, False
                frame = zstandard.ZstdDecompressor().decompressobj()
    if begun:
        raise EOFError("the last frame is cut short")


def _frames(file: BinaryIO) -> Iterator[bytes]:
    while length := file.read(4):
        packed = file.read(int.from_bytes(length, "big"))
        if len(packed) < int.from_bytes(length, "big") or len(length) < 4:
            raise EOFError("the last frame is cut short")
        frame = zstandard.ZstdDecompressor().decompressobj()
        yield frame.decompress(packed).rstrip(b"\n") + b"\n"


def damage(path: Path, how: Compression) -> str:
    """How a compressed file ends early, in words; nothing when it is whole. DuckDB does not always notice."""
    try:
        for _ in pieces(path, how):
            pass
    except DAMAGE as error:
        return str(error).strip() or type(error).__name__
    return ""


def split(found: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes line by line, each with its line feed; what comes before a damage is given first."""
    parts: list[bytes] = []
    try:
        for piece in found:
            if b"\n" not in piece:
                parts.append(piece)
                continue
            first, *whole = piece.split(b"\n")
            rest = whole.pop()
            yield b"".join([*parts, first, b"\n"])
            for line in whole:
                yield line + b"\n"
            parts = [rest] if rest else []
    except DAMAGE:
        if parts:
            yield b"".join(parts)
        raise
    if parts:
        yield b"".join(parts)
