"""Reading ahead: while the store keeps one batch of rows, the source makes the next."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from blameline.records import Scan

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from blameline.sources import Item


def ahead(items: Iterator[Item]) -> Generator[Item]:
    """The same items, made by a thread of its own; a failure of the source is raised where they are taken.

    A source may hand in a file that is there only until it is asked for the next item: then it is not asked before that
    item has been dealt with.
    """
    with ThreadPoolExecutor(1) as beside:
        made = beside.submit(next, items, None)
        while (item := made.result()) is not None:
            if isinstance(item, Scan) and item.columns is None:
                yield item
                made = beside.submit(next, items, None)
            else:
                made = beside.submit(next, items, None)
                yield item
