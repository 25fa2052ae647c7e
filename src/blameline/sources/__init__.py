"""What people bring: files and folders in, rows and records out, by one plug-in a kind (group ``blameline.sources``).

A source never sees the store: it yields a ``Scan`` (rows that DuckDB reads by itself) or frozen records, and a
``Problem`` for each fault in the data. ``discover`` says which source reads which file.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from blameline.errors import NotFound
from blameline.plugins import load, names
from blameline.records import Alert, Change, EvalRun, Expectation, Manifest, Problem, Replay, Scan, SkippedFile
from blameline.sources.heads import File, Head, look

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["File", "Found", "Head", "Item", "Source", "discover"]

GROUP = "blameline.sources"
Item = Scan | Change | EvalRun | Replay | Alert | Expectation | Manifest | Problem
"""What a source yields."""


class Source(Protocol):
    """Turns one kind of file into rows and records."""

    name: str

    def sniff(self, path: Path, head: Head) -> bool:
        """True when the file is of this kind; cheap, and never by the name alone."""
        ...

    def read(self, file: File, manifest: Manifest, *, lenient: bool) -> Iterator[Item]:
        """The rows and records of a file.

        ``lenient`` is false at first. When a ``Scan`` then fails, all that the file brought is taken back and it is
        read again with ``lenient`` true: bad rows are to be left out, and each told as a ``Problem`` with its line.
        """
        ...


@dataclass(frozen=True)
class Found:
    """A file and the source that will read it."""

    file: File
    reader: Source


_OURS = re.compile(r"""["']?schema["']?\s*[:=]\s*["']?blameline\.(\w+)/""")
_PROSE = frozenset({".md", ".rst", ".adoc", ".html", ".htm", ".pdf"})
_PROSE_NAMES = re.compile(
    r"^(readme|license|licence|notice|provenance|changelog|authors|copying)(\.\w+)?$", re.IGNORECASE
)


def discover(paths: Iterable[Path]) -> Iterator[Found | SkippedFile | Problem]:
    """Every file below the paths, in a fixed order, with the source that reads it.

    Hidden files are passed over, links that lead out are not followed, and a file that nobody knows is a ``Problem``:
    nothing is lost silently. Raises ``NotFound`` when a path does not exist.
    """
    readers = _Readers()
    for path in paths:
        if not path.exists():
            raise NotFound(f"there is nothing at {path}", hint="hand in files or folders that exist")
        root = path.resolve()
        if root.is_dir():
            yield from _walk(root, root, readers, tracked=False)
        else:
            yield from _recognise(root, path.name, readers, tracked=False)


class _Readers:
    """All sources; the one that read the last file is asked first, and ``table`` last: almost anything is a table."""

    def __init__(self) -> None:
        self._sources: list[Source] = [
            load(GROUP, name) for name in sorted(names(GROUP), key=lambda name: (name == "table", name))
        ]

    def of(self, path: Path, head: Head) -> Source | None:
        """The source that knows this file."""
        found = next((source for source in self._sources if source.sniff(path, head)), None)
        if found is not None and found.name != "table":
            self._sources.remove(found)
            self._sources.insert(0, found)
        return found


def _walk(
    folder: Path, root: Path, readers: _Readers, *, tracked: bool
) -> Iterator[Found | SkippedFile | Problem]:
    shown = folder.relative_to(root).as_posix() if folder != root else root.name or "/"
    head = look(folder)
    reader = None if tracked and not (folder / ".git").exists() else readers.of(folder, head)
    if reader is not None:
        yield Found(File(folder, shown, head), reader)
        if not (folder / ".git").exists():
            return
        tracked = True
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        yield Problem(source=shown, message=f"cannot be read: {error.strerror}")
        return
    for entry in entries:
        if not entry.name.startswith("."):
            yield from _entry(entry, root, readers, tracked=tracked)


def _entry(
    entry: os.DirEntry[str], root: Path, readers: _Readers, *, tracked: bool
) -> Iterator[Found | SkippedFile | Problem]:
    path = Path(entry.path)
    name = path.relative_to(root).as_posix()
    if entry.is_symlink() and not _inside(path, root):
        yield SkippedFile(source=name, reason="a link that leads out of what was handed in")
    elif entry.is_dir() and entry.name == "expected":
        yield SkippedFile(source=name, reason="a folder of expected answers is never read")
    elif entry.is_dir() and not entry.is_symlink():
        yield from _walk(path, root, readers, tracked=tracked)
    elif entry.is_file():
        yield from _recognise(path, name, readers, tracked=tracked)


def _inside(path: Path, root: Path) -> bool:
    target = path.resolve()
    return target.exists() and target.is_relative_to(root)


def _recognise(
    path: Path, shown: str, readers: _Readers, *, tracked: bool
) -> Iterator[Found | SkippedFile | Problem]:
    try:
        head = look(path)
    except OSError as error:
        yield Problem(source=shown, message=f"cannot be read: {error.strerror}")
        return
    ours = _OURS.search(head.text[:4096]) if head.shape in {"json", "jsonl", "yaml"} else None
    if ours:
        why = "an answer key is never read" if ours.group(1) == "truth" else f"our own output ({ours.group(1)})"
        yield SkippedFile(source=shown, reason=why)
    elif head.shape == "duckdb" or path.name.endswith((".duckdb", ".duckdb.wal")):
        yield SkippedFile(source=shown, reason="a case file")
    elif head.shape == "empty":
        yield Problem(source=shown, message="the file is empty")
    else:
        reader = readers.of(path, head)
        yield Found(File(path, shown, head), reader) if reader else _unknown(path, shown, head, tracked=tracked)


def _unknown(path: Path, shown: str, head: Head, *, tracked: bool) -> SkippedFile | Problem:
    if path.suffix.lower() in _PROSE or _PROSE_NAMES.match(path.name):
        return SkippedFile(source=shown, reason="prose")
    if tracked:
        return SkippedFile(source=shown, reason="under version control: its history is read instead")
    return Problem(source=shown, message=f"not recognised: no source reads this ({head.shape})")
