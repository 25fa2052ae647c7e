"""Text files of many lines, plain or compressed, with the same bytes on every run."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Literal

import zstandard

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Compression = Literal["gz", "zst"]


def write_lines(lines: Iterable[str], folder: Path, name: str, compress: Compression | None) -> Path:
    """Write the lines under a name that gets the ending of its compression, and say where."""
    path = folder / (name if compress is None else f"{name}.{compress}")
    with path.open("wb") as file:
        if compress == "gz":
            with gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0, compresslevel=6) as packed:
                packed.writelines(line.encode() for line in lines)
        elif compress == "zst":
            with zstandard.ZstdCompressor(level=9).stream_writer(file) as packer:
                for line in lines:
                    packer.write(line.encode())
        else:
            file.writelines(line.encode() for line in lines)
    return path
