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
from blameline.records import (
    Alert,
    Change,
    Contract,
    EvalRun,
    Expectation,
    Manifest,
    Piece,
    Problem,
    Replay,
    Scan,
    SkippedFile,
)
from blameline.sources.heads import LONGEST_FIRST, File, Head, look, look_on
from blameline.sources.rows import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["GROUP", "File", "Found", "Head", "Item", "Joining", "Source", "clean", "discover"]

GROUP = "blameline.sources"
Item = Scan | Change | Contract | EvalRun | Replay | Alert | Piece | Expectation | Manifest | Problem
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


class Joining(Source, Protocol):
    """A source of things of which one file may tell the beginning and another the end: it yields pieces, and joins them."""

    def put_together(self, pieces: Sequence[Piece]) -> Iterator[Change | EvalRun | Alert | Problem]:
        """What the pieces of all files come to, whatever the order of loading; the same pieces come in the same order.

        Each result has the ``source`` of the piece that it rests on. Called after every load, with every piece that was
        ever read; a source that yields pieces yields no changes, runs or alerts while it reads.
        """
        ...


@dataclass(frozen=True)
class Found:
    """A file and the source that will read it."""

    file: File
    reader: Source


_OURS = re.compile(r"""["']?schema["']?\s*[:=]\s*["']?blameline\.([\w-]+)/""")
_PROSE = frozenset({".md", ".rst", ".adoc", ".html", ".htm", ".pdf"})
_PROSE_NAMES = re.compile(
    r"^(readme|license|licence|notice|provenance|changelog|authors|copying)(\.\w+)?$", re.IGNORECASE
)


_NO_ROWS = re.compile(r"\[\s*\]|\"?[\w.$@#/-]+\"?([,;\t]\"?[\w.$@#/ -]+\"?){2,}")
"""A JSON list without records, or one line of names as a CSV file begins with."""
_ODD = re.compile(r"[*?\[\]{}\\]")
"""What DuckDB takes for a pattern in a path."""


def discover(paths: Iterable[Path], *, aside: Path | None = None) -> Iterator[Found | SkippedFile | Problem]:
    """Every file below the paths, in a fixed order, with the source that reads it.

    Hidden files are passed over, links that lead out are not followed, and a file that nobody knows is a ``Problem``:
    nothing is lost silently. In the folder ``aside`` links are laid to files whose names would be taken for patterns, or
    are no text. Raises ``NotFound`` when a path does not exist.
    """
    readers = _Readers()
    plain = _PlainNames(aside)
    for path in paths:
        if not path.exists():
            raise NotFound(f"there is nothing at {_shown(str(path))}", hint="hand in files or folders that exist")
        root = path.resolve()
        if root.is_dir():
            yield from _walk(root, readers, plain)
        else:
            yield from _recognise(root, _shown(path.name), readers, plain, tracked=False)


class _PlainNames:
    """Another path for a file whose own would be taken for a pattern (``*.jsonl``), or is no UTF-8."""

    def __init__(self, aside: Path | None) -> None:
        self._aside = aside
        self._known: dict[Path, Path] = {}

    def of(self, path: Path) -> Path:
        """The file's own path where it will do, or a link to it."""
        if self._aside is None or _is_plain(str(path)):
            return path
        if _is_plain(path.name):  # the files beside it stay beside it
            return self._link(path.parent, "folder") / path.name
        return self._link(path, _ODD.sub("_", _shown(path.name)))

    def _link(self, path: Path, name: str) -> Path:
        if self._aside is not None and path not in self._known:
            place = self._aside / str(len(self._known))
            place.mkdir()
            self._known[path] = place / name
            self._known[path].symlink_to(path)
        return self._known[path]


def _is_plain(name: str) -> bool:
    return not _ODD.search(name) and _shown(name) == name


def _shown(name: str) -> str:
    """A name as text: bytes that are no UTF-8 are written out."""
    return name if name.isascii() else os.fsencode(name).decode("utf-8", "backslashreplace")


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


def _walk(root: Path, readers: _Readers, plain: _PlainNames) -> Iterator[Found | SkippedFile | Problem]:
    """A folder and all below it, depth first by name; folders may be nested as deep as the disk allows."""
    waiting: list[tuple[os.DirEntry[str] | Path, bool]] = [(root, False)]
    while waiting:
        entry, tracked = waiting.pop()
        if isinstance(entry, os.DirEntry):
            path, name = Path(entry.path), _shown(os.path.relpath(entry.path, root)).replace(os.sep, "/")
            if (found := _entry(entry, path, name, root, readers, plain, tracked=tracked)) is not None:
                yield from found
                continue
        else:
            path, name = entry, _shown(root.name) or "/"
        head = look(path)
        try:
            versioned = (path / ".git").exists()
            reader = None if tracked and not versioned else readers.of(path, head)
            with os.scandir(path) as entries:
                below = sorted(entries, key=lambda entry: entry.name, reverse=True)
        except OSError as error:
            yield Problem(source=name, message=f"cannot be read: {error.strerror}")
            continue
        if reader is not None:
            yield Found(File(path, name, head), reader)
            if not versioned:
                continue
            tracked = True
        waiting += [(entry, tracked) for entry in below if not entry.name.startswith(".")]


def _entry(
    entry: os.DirEntry[str], path: Path, name: str, root: Path, readers: _Readers, plain: _PlainNames, *, tracked: bool
) -> Iterable[Found | SkippedFile | Problem] | None:
    """What there is to say of one entry; ``None`` for a folder that is to be walked."""
    if entry.is_symlink():
        target = os.path.realpath(path)
        if not os.path.exists(target):  # noqa: PTH110  a path's own method raises where a folder on the way is closed
            return [SkippedFile(source=name, reason="a link that leads nowhere")]
        if not Path(target).is_relative_to(root):
            return [SkippedFile(source=name, reason="a link that leads out of what was handed in")]
        if Path(target).is_dir():
            return []  # it is read where it is
    elif entry.is_dir():
        expected = entry.name == "expected"
        return [SkippedFile(source=name, reason="a folder of expected answers is never read")] if expected else None
    return _recognise(path, name, readers, plain, tracked=tracked)


def _recognise(
    path: Path, shown: str, readers: _Readers, plain: _PlainNames, *, tracked: bool
) -> Iterator[Found | SkippedFile | Problem]:
    try:
        if not path.is_file():
            yield SkippedFile(source=shown, reason="no file: a pipe, a socket or a device")
            return
        path = plain.of(path)
        head = look(path)
        found = _known(path, shown, head, readers, tracked=tracked)
    except OSError as error:
        found = Problem(source=shown, message=f"cannot be read: {error.strerror}")
    except RecursionError:
        found = Problem(source=shown, message="cannot be read: it is nested too deep")
    yield found


def _known(path: Path, shown: str, head: Head, readers: _Readers, *, tracked: bool) -> Found | SkippedFile | Problem:
    ours = _OURS.search(head.text[:4096]) if head.shape in {"json", "jsonl", "yaml"} else None
    if ours:
        why = "an answer key is never read" if ours.group(1) == "truth" else f"our own output ({ours.group(1)})"
        return SkippedFile(source=shown, reason=why)
    if head.shape == "duckdb" or path.name.endswith((".duckdb", ".duckdb.wal")):
        return SkippedFile(source=shown, reason="a case file")
    if head.shape == "empty":
        return Problem(source=shown, message="the file is empty")
    reader = readers.of(path, head)
    if (reader is None or reader.name == "table") and head.cut:  # most sources know a file by less than a record
        head = look_on(path, head)
        reader = readers.of(path, head)
    return Found(File(path, shown, head), reader) if reader else _unknown(path, shown, head, tracked=tracked)


def _unknown(path: Path, shown: str, head: Head, *, tracked: bool) -> SkippedFile | Problem:
    if path.suffix.lower() in _PROSE or _PROSE_NAMES.match(path.name):
        return SkippedFile(source=shown, reason="prose")
    if tracked:
        return SkippedFile(source=shown, reason="under version control: its history is read instead")
    if _NO_ROWS.fullmatch(head.text.strip()):
        return SkippedFile(source=shown, reason="an export without rows")
    long = f", and its first record is longer than {LONGEST_FIRST >> 20} MB" if head.cut else ""
    return Problem(source=shown, message=f"not recognised: no source reads this ({head.shape}){long}")
