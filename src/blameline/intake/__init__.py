"""The way in: paths come in, and what the sources make of them is kept in the store.

Files are read in groups, and a group is one transaction, so that a load that is killed leaves a store that opens and can be
repeated: what is there already is not read again. What came twice is removed at the end, by rules that do not know in
which order the files came, so that the same files leave the same store.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from blameline.intake.groups import grouped
from blameline.intake.visit import Visit
from blameline.sources import Found, discover
from blameline.store import Content, Store

if TYPE_CHECKING:
    from blameline.records import Loaded

__all__ = ["Content", "Progress", "Step", "load"]


@dataclass(frozen=True)
class Step:
    """How far a load has come, told before each group of files is read."""

    source: str
    """The first file of the group."""
    done: int
    """Bytes on disk read so far."""
    size: int
    """Bytes on disk of this group."""
    whole: int
    """Bytes on disk of all files."""
    rows: int
    """Spans, scores and records kept so far."""
    fraction: Callable[[], float]
    """How much of the group is read, between 0 and 1; may be asked from another thread."""


Progress = Callable[[Step], None]


@contextmanager
def _few_collections() -> Iterator[None]:
    """Let Python look for cycles rarely: a load makes millions of small objects, and next to no cycles."""
    usual = gc.get_threshold()
    gc.set_threshold(500_000, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def load(
    store: Store,
    paths: Iterable[Path],
    *,
    content: Content | None = None,
    progress: Progress | None = None,
    then: Callable[[], None] | None = None,
) -> Loaded:
    """Bring files and folders into the store; what this load brought in, passed over and found wrong.

    ``content`` says what is kept of questions and answers: ``redacted`` (the default), ``none`` or ``full``; it is one
    for the whole case file. ``then`` belongs to the load: until it is done, the store says that a load has not ended.
    Loading the same files again changes nothing. Raises ``NotFound`` for a path that does not exist, and ``StoreError``
    when the case file was made with another ``content``, or cannot be written.
    """
    with _few_collections(), TemporaryDirectory(prefix="blameline-") as aside:
        found = list(discover([Path(path) for path in paths], aside=Path(aside)))
        visit = Visit(store, content)
        visit.note(found)
        parts = [part for part in found if isinstance(part, Found)]
        whole = sum(part.file.head.size for part in parts)
        done = 0
        for group in grouped(parts):
            size = sum(part.file.head.size for part in group)
            if progress:
                progress(Step(group[0].file.source, done, size, whole, visit.rows, partial(visit.under_way, size)))
            visit.take(group)
            done += size
        for group in grouped(visit.read_otherwise(Path(aside))):
            visit.take(group)
        if progress:
            progress(Step("", done, 0, whole, visit.rows, lambda: 0.0))
        loaded = visit.settled()
    if then:
        then()
    with store.transaction():
        store.end()
    return loaded
