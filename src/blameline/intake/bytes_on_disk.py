"""Files as they lie on the disk: a path in; what stands for it in every load, and what to say when it cannot be read, out."""

from __future__ import annotations

import errno
import hashlib
import os
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blameline.errors import StoreError
from blameline.sources import File, Found, discover
from blameline.sources.needles import Search
from blameline.store import Unreadable

_PASSING = re.compile(r"[^\s\"']*blameline-\w+/[^\s\"':,]+")
"""Where a passing copy of a file lay."""
_PIECE = 1 << 22
"""Bytes that are read, searched and hashed at a time."""
_CLIMBS = 3
"""A file that is further away than so many folders up is not remembered: its path may name a person."""


def identity(*said: str) -> int:
    """A number for a file that is the same in every load: what it holds decides, and not when it came."""
    text = "\0".join(said).encode("utf-8", "surrogateescape")
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "big") >> 1


def number(part: Found, sha256: str) -> int:
    """The number of a file: its format, its bytes and what its reader takes from around it (``around``, where it has that)."""
    name, file = part.reader.name, part.file
    if file.head.folder:
        return identity(name, str(file.path.resolve()))
    around = getattr(part.reader, "around", None)
    return identity(name, sha256, *(around(file) if around else ()))


def seen_from(folder: Path, path: Path) -> str | None:
    """Where a file lies, seen from a folder; ``None`` when it is too far away to be remembered."""
    place = os.path.relpath(os.path.realpath(path), os.path.realpath(folder))
    if Path(place).parts.count("..") > _CLIMBS:
        return None
    return os.fsencode(place).decode("utf-8", "backslashreplace")


def still(place: Path, row: dict[str, Any], aside: Path) -> Found | None:
    """The file at a place, when it holds what it held, and what is read with it does too."""
    try:
        if not place.is_file() or digest(place).sha256 != row["sha256"]:
            return None
        for part in discover([place], aside=aside):
            if isinstance(part, Found) and number(part, row["sha256"]) == row["file_id"]:
                return Found(File(part.file.path, row["source"], part.file.head), part.reader)
    except OSError:
        return None
    return None


def what_is_wrong(error: Exception, file: File) -> str:
    """What is wrong with a file, in words that are the same wherever it lies."""
    if isinstance(error, RecursionError):
        return "it is nested too deep"
    if isinstance(error, OSError):
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StoreError(
                f"there is no room for a passing copy: {error.strerror}", hint="make room, then load again"
            )
        return error.strerror or str(error) or type(error).__name__
    said = error.message if isinstance(error, Unreadable) else str(error)
    return _PASSING.sub(file.source, said.replace(str(file.path), file.source))


@dataclass(frozen=True)
class Digest:
    """What the bytes of a file are, and what is in them."""

    sha256: str
    size: int
    holds: frozenset[bytes]


def digest(path: Path, needles: tuple[bytes, ...] = ()) -> Digest:
    """The hash of the bytes on disk, their number and the needles among them; a folder is asked anew each time.

    While one thread hashes a piece, this one reads and searches the next.
    """
    if path.is_dir():
        return Digest("folder", 0, frozenset())
    search = Search(needles)
    if path.stat().st_size <= _PIECE:
        data = path.read_bytes()
        search.look(data, len(data))
        return Digest(hashlib.sha256(data).hexdigest(), len(data), frozenset(search.found))
    sha256, size, hashing = hashlib.sha256(), 0, None
    with path.open("rb", buffering=0) as file, ThreadPoolExecutor(1) as beside:
        buffers = (bytearray(_PIECE), bytearray(_PIECE))
        while length := file.readinto(buffers[0]):
            search.look(buffers[0], length)
            if hashing:
                hashing.result()
            hashing = beside.submit(sha256.update, memoryview(buffers[0])[:length])
            size += length
            buffers = buffers[::-1]
        if hashing:
            hashing.result()
    return Digest(sha256.hexdigest(), size, frozenset(search.found))
