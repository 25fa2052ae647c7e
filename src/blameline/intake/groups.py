"""Which files are read together: many small ones are one transaction, and one statement where their source allows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from blameline.sources import Found

_MOST_BYTES, _MOST_FILES = 256 << 20, 2000


def grouped(parts: Sequence[Found]) -> Iterator[list[Found]]:
    """The files in groups, manifests first: each says how the others are read."""
    for part in parts:
        if part.reader.name == "manifest":
            yield [part]
    group: list[Found] = []
    size = 0
    for part in parts:
        if part.reader.name == "manifest":
            continue
        if group and (size + part.file.head.size > _MOST_BYTES or len(group) == _MOST_FILES):
            yield group
            group, size = [], 0
        group.append(part)
        size += part.file.head.size
    if group:
        yield group
