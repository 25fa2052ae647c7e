"""Reading ahead: while the store keeps one batch of rows, the source makes the next."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from blameline.records import Scan

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from blameline.sources import Item


def ahead(items: Iterator[Item]) -> Generator[Item]:
    """The same items, made by a thread of its own; a failure of the source is raised in place of what it was about to give.

    A source may hand in a file that is there only until it is asked for the next item: then it is not asked before that
    item has been dealt with.
    """
    with ThreadPoolExecutor(1) as beside:
        made = beside.submit(_some, items)
        while found := made.result():
            if _is_file(found[-1]):
                yield from found
                made = beside.submit(_some, items)
            else:
                made = beside.submit(_some, items)
                yield from found


def _some(items: Iterator[Item]) -> list[Item]:
    """Items up to the next table: a batch of rows, or a file."""
    found: list[Item] = []
    for item in items:
        found.append(item)
        if isinstance(item, Scan):
            break
    return found


def _is_file(item: Item) -> bool:
    return isinstance(item, Scan) and item.columns is None
