"""ZIP archives that other people made: a path in; the names and the bytes of single members out, never written to disk.

Nothing that an archive says of itself is believed: not how large a member is, nor how many there are.
"""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from io import BytesIO
from typing import TYPE_CHECKING, Any

import zstandard

from blameline.sources.rows import cut
from blameline.sources.unpacked import DAMAGE

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

ZIP = b"PK\x03\x04"
LARGEST = 1 << 26
"""Bytes of one member, unpacked, and of the archive's own directory, that are read at most."""
BROKEN = (*DAMAGE, zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError, ValueError, struct.error)
"""What is raised where an archive is damaged or not to be trusted."""
_ZSTD = 93
"""A method that ``zipfile`` does not know before Python 3.14."""


class Archive(zipfile.ZipFile):
    """A ZIP archive, opened to read; one of ``BROKEN`` is raised when it cannot be."""

    def __init__(self, path: Path) -> None:
        _directory(path)
        super().__init__(path)

    def member(self, name: str) -> bytes:
        """The bytes of a member, however it is packed; never more than the limit, whatever it says of itself."""
        member = self.getinfo(name)
        if member.compress_type in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            with self.open(member) as packed:
                data = packed.read(LARGEST + 1)
        else:
            file = self.fp
            if file is None or member.compress_type != _ZSTD or member.flag_bits & 1:
                raise zipfile.BadZipFile("it is encrypted, or packed in a way that is not known here")
            file.seek(member.header_offset)
            header = file.read(30)
            named, extra = struct.unpack("<HH", header[26:30])
            file.seek(member.header_offset + 30 + named + extra)
            data = _zstd(file.read(min(member.compress_size, LARGEST)))
            if len(data) <= LARGEST and zlib.crc32(data) != member.CRC:
                raise zipfile.BadZipFile("its checksum does not match")
        if len(data) > LARGEST:
            raise zipfile.BadZipFile(f"it is larger than {LARGEST >> 20} MB")
        return data


def names(path: Path) -> Collection[str]:
    """What an archive holds; nothing when it is damaged."""
    try:
        with Archive(path) as archive:
            return frozenset(archive.NameToInfo)
    except BROKEN:
        return ()


def _zstd(packed: bytes) -> bytes:
    with zstandard.ZstdDecompressor().stream_reader(BytesIO(packed), read_across_frames=True) as frames:
        return frames.read(LARGEST + 1)


def first_member(data: bytes) -> dict[str, Any]:
    """What a journal's beginning says, where the archive was cut and has no directory."""
    try:
        method, _, _, _, packed, _, name, extra = struct.unpack("<HHHIIIHH", data[8:30])
        body = data[30 + name + extra :][: packed or None]
        if method == zipfile.ZIP_DEFLATED:
            body = zlib.decompressobj(-15).decompress(body, LARGEST)
        value = json.loads(_zstd(body) if method == _ZSTD else body)
    except (*BROKEN, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _directory(path: Path) -> None:
    """Raise ``BadZipFile`` when the archive's directory is too large to be held, before anyone tries."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - (1 << 16) - 256))
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    held = struct.unpack("<I", tail[at + 12 : at + 16])[0] if at >= 0 else 0
    if held == 0xFFFFFFFF:
        wide = tail.rfind(b"PK\x06\x06", 0, at)
        held = struct.unpack("<Q", tail[wide + 40 : wide + 48])[0] if wide >= 0 else held
    if held > LARGEST:
        raise zipfile.BadZipFile("it holds too many members")


def said(error: BaseException) -> str:
    """The damage in words."""
    return cut(str(error).strip().partition("\n")[0], 200) or type(error).__name__
