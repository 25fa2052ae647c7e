"""One load: what was there before, what each group of files brings, and what is settled when all of them are in."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from contextlib import closing, nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from blameline.intake.ahead import ahead
from blameline.intake.bytes_on_disk import digest, identity, number, seen_from, still, what_is_wrong
from blameline.intake.fields import fields_of
from blameline.intake.joined import put_together
from blameline.intake.settings import kept as kept_manifest
from blameline.records import (
    Alert,
    Change,
    Contract,
    EvalRun,
    Expectation,
    Loaded,
    LoadedFile,
    Manifest,
    Piece,
    Problem,
    Replay,
    Scan,
    SkippedFile,
)
from blameline.sources import Found, Item, clean
from blameline.sources.rows import LARGE
from blameline.sources.unpacked import read_so_far
from blameline.store import Content, Store, Unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_MOST_PROBLEMS, _LARGE = 100, 1 << 22
"""Problems of one file that are told one by one; bytes of a file from which on it pays that a thread reads ahead."""
_BATCH, _SHORT = 20_000, "Out of Memory"
"""Rows that are handed to the store together, from however many files; what it says where that was too much at once."""
_READ_BY_SETTINGS = frozenset({"table", "otlp", "otlp_protobuf"})
"""Formats whose reading depends on the judge's ``fields`` of the manifest."""
_READ_BY_SEGMENTS = frozenset({"promptfoo", "inspect", "lm_eval", "deepeval"})
"""Formats whose reading depends on ``segments``."""


@dataclass
class _Taken:
    """One file that is being read."""

    part: Found
    file_id: int
    sha256: str
    size: int
    rows: int = 0
    problems: list[Problem] = field(default_factory=list)
    records: dict[str, dict[str, list[Any]]] = field(default_factory=dict)
    """Statement that keeps changes, runs, replays or alerts → its parameters, a list each: one statement for all of a file."""


class Visit:
    """Remembers what was there before, and what each file brought."""

    def __init__(self, store: Store, content: Content | None) -> None:
        self.store = store
        self.before = store.loaded()
        self.files: list[LoadedFile] = []
        self.skipped: list[SkippedFile] = []
        self.seen: dict[int, str] = {}
        self.rows = 0
        self._passed = 0
        """Bytes of the group's files that were read whole."""
        self._fed = False
        """A source hands in the rows of the file, and DuckDB does not read it by itself."""
        self._waiting: dict[tuple[str, str], list[tuple[Scan, pa.Table]]] = defaultdict(list)
        self._names: list[tuple[int, str]] = []
        """Other names of files that are there; told at the end."""
        self._places: list[tuple[int, str]] = []
        known = store.rows("store/known_files")
        self.known: dict[int, str | None] = {row["file_id"]: row["read_with"] for row in known}
        """What decided how each known file was read; ``None`` for one that only left a problem."""
        self._known_names: dict[int, list[str]] = {row["file_id"]: row["names"] for row in known}
        with store.transaction():
            store.begin(content)
        self._protect()

    def _protect(self) -> None:
        self.manifest = self.store.manifest()
        self._unused = self.store.protect(self.manifest)

    def note(self, found: Sequence[Found | SkippedFile | Problem]) -> None:
        """Keep what was passed over and what nobody could read, instead of what an earlier load said of the same files."""
        seen = [part.file.source if isinstance(part, Found) else part.source for part in found]
        passed = [part for part in found if isinstance(part, SkippedFile)]
        with self.store.transaction():
            self.store.run("store/forget_unread", file_ids=[identity("unread", source) for source in seen])
            self.store.run("store/forget_skipped", file_ids=[identity("skipped", source) for source in seen])
            self._pass_over(passed)
            self._unread([part for part in found if isinstance(part, Problem)])

    def _pass_over(self, passed: Sequence[SkippedFile]) -> None:
        self.skipped += passed
        kept = {identity("skipped", part.source): part for part in passed}
        if kept:
            sources = self.store.redacted([part.source for part in kept.values()])
            reasons = self.store.redacted([part.reason for part in kept.values()])
            self.store.run("store/add_skipped", file_ids=list(kept), sources=sources, reasons=reasons)

    def _unread(self, problems: Sequence[Problem]) -> None:
        if problems:
            file_ids = [identity("unread", part.source) for part in problems]
            sources, messages = self._said(problems)
            self.store.run("store/add_unread", sources=sources, messages=messages, file_ids=file_ids)

    def _tell(self, problems: Sequence[Problem], file_id: int | None) -> None:
        shown = list(problems[:_MOST_PROBLEMS])
        if len(problems) > _MOST_PROBLEMS:
            rest = f"{len(problems) - _MOST_PROBLEMS} more problems in this file"
            shown.append(Problem(source=problems[0].source, message=rest))
        if shown:
            sources, messages = self._said(shown)
            lines = [part.line for part in shown]
            self.store.run("store/tell_problems", sources=sources, lines=lines, messages=messages, file_id=file_id)

    def _said(self, problems: Sequence[Problem]) -> tuple[list[str], list[str]]:
        """Where faults are and what they are, as both may be kept: they quote what stands there."""
        words = self.store.redacted([text for part in problems for text in (part.source, clean(part.message))])
        return words[::2], words[1::2]

    def under_way(self, size: int) -> float:
        """How much of a group of so many bytes is read, between 0 and 1; may be asked from another thread."""
        at = read_so_far()
        if at is None:
            return 0.0 if self._fed else self.store.under_way()
        return (self._passed + at) / max(size, 1)

    def take(self, group: Sequence[Found]) -> None:
        """Read the files of a group that are not there yet."""
        self._together([file for part in group if (file := self._new(part))])

    def _together(self, taken: Sequence[_Taken]) -> None:
        """Read files as one; where something is wrong with one of them, halve them until it is by itself."""
        if len(taken) == 1:
            self._alone(taken[0])
        elif taken:
            try:
                self._read(taken, lenient=False)
            except (Unreadable, OSError, RecursionError):
                half = len(taken) // 2
                self._together(taken[:half])
                self._together(taken[half:])

    def _alone(self, file: _Taken) -> None:
        part, fault = file.part, ""
        for lenient in (False, False, True):
            if fault and not lenient and _SHORT not in fault:
                continue
            try:
                with self.store.one_thread() if _SHORT in fault else nullcontext():
                    self._read([file], lenient=lenient)
            except (Unreadable, RecursionError, OSError) as error:
                fault = what_is_wrong(error, part.file)
            else:
                return
        with self.store.transaction():
            if file.file_id in self.known:
                self._forget(file.file_id)
            self._tell([Problem(source=part.file.source, message=f"cannot be read: {fault}")], file.file_id)

    def _new(self, part: Found) -> _Taken | None:
        """The file, unless it is there already."""
        name, source, folder = part.reader.name, part.file.source, part.file.head.folder
        try:
            found = digest(part.file.path, getattr(part.reader, "needles", ()))
            file_id = number(part, found.sha256)
        except OSError as error:
            with self.store.transaction():
                self._unread([Problem(source=source, message=f"cannot be read: {what_is_wrong(error, part.file)}")])
            return None
        if not folder:
            self._note_place(file_id, part.file.path)
        if file_id in self.seen:
            if self.seen[file_id] != source:
                self.skipped.append(SkippedFile(source=source, reason=f"the same bytes as {self.seen[file_id]}"))
                self._names.append((file_id, source))
            return None
        self.seen[file_id] = source
        if not folder and self.known.get(file_id) == self._read_with(name):
            self.skipped.append(SkippedFile(source=source, reason="already loaded"))
            self._names.append((file_id, source))
            return None
        part = Found(replace(part.file, holds=found.holds), part.reader)
        return _Taken(part, file_id, found.sha256, found.size)

    def _note_place(self, file_id: int, path: Path) -> None:
        if place := seen_from(self.store.path.parent, path):
            self._places.append((file_id, place))

    def read_otherwise(self, aside: Path) -> list[Found]:
        """Files that are not part of this load but are to be read again: a manifest that came now says how."""
        told = self._ways({row["format"] for row in self.store.rows("store/files")})
        found: list[Found] = []
        for row in self.store.rows("store/read_otherwise", formats=list(told), read_with=list(told.values())):
            if row["file_id"] not in self.seen:
                places = (self.store.path.parent / path for path in row["paths"])
                again = next((part for place in places if (part := still(place, row, aside))), None)
                found += [again] if again else []
        return found

    def _ways(self, formats: set[str]) -> dict[str, str]:
        return {name: self._read_with(name) for name in sorted(formats - {"skipped", "mark"})}

    def _read_with(self, name: str) -> str:
        """What the manifest says that decides how a file of this format is read, as a short hash."""
        manifest = self.manifest
        told: tuple[object, ...] = ()
        if name != "manifest":
            told = (sorted(manifest.redact.patterns), sorted(manifest.redact.names))
        if name in _READ_BY_SETTINGS:
            told += (manifest.fields.get("judge"),)
        if name == "table":
            told += (sorted(manifest.columns.items()), sorted(manifest.signals), sorted(manifest.controls))
        if name in _READ_BY_SEGMENTS:
            told += (manifest.segments,)
        if not any(told):
            return ""
        return hashlib.sha256(repr(told).encode()).hexdigest()[:16]

    def _read(self, files: Sequence[_Taken], *, lenient: bool) -> None:
        """All of it is kept, or nothing."""
        self._waiting.clear()
        self._passed = 0
        for file in files:
            file.rows, file.problems, file.records = 0, [], {}
        with self.store.transaction():
            for file in files:
                if file.file_id in self.known:
                    self._forget(file.file_id)
            together = [] if lenient or len(files) == 1 else [file for file in files if self._may_join(file)]
            self._scan_together(together)
            joined = {file.file_id for file in together}
            for file in files:
                if file.file_id not in joined:
                    self._read_one(file, lenient=lenient)
            self._hand_over(rest=True)
            found = self.store.rows("store/rows_of", file_ids=[file.file_id for file in files])
            rows = {row["file_id"]: row["n"] for row in found}
            for file in files:
                self._finish(file, rows.get(file.file_id, 0))
            self._note_files(files)
        if any(file.part.reader.name == "manifest" for file in files):
            self._protect()

    def _read_one(self, file: _Taken, *, lenient: bool) -> None:
        self._fed = False
        items = file.part.reader.read(file.part.file, self.manifest, lenient=lenient)
        with closing(ahead(items)) if file.size > _LARGE else nullcontext(items) as found:
            for item in found:
                self._keep(item, file)
        if file.part.reader.name == "table":
            self.store.run("store/unstage")
        self._passed += file.size

    def _may_join(self, file: _Taken) -> bool:
        joins = getattr(file.part.reader, "joins", None)
        return bool(joins and joins(file.part.file))

    def _scan_together(self, files: Sequence[_Taken]) -> None:
        by_source: dict[str, list[_Taken]] = defaultdict(list)
        for file in files:
            key = f"{file.part.reader.name} {file.part.file.head.compression}"
            by_source[key].append(file)
        for group in by_source.values():
            reader: Any = group[0].part.reader
            ids = [file.file_id for file in group]
            for item in reader.read_together([file.part.file for file in group], self.manifest):
                self.store.scan(item, file_ids=ids)

    def _forget(self, file_id: int) -> None:
        for name in _TABLES:
            self.store.run(f"store/forget_{name}", file_id=file_id)

    def _keep(self, item: Item, file: _Taken) -> None:
        store, file_id = self.store, file.file_id
        match item:
            case Problem():
                file.problems.append(item)
                return
            case Scan() if item.columns is not None:
                self._wait(item, file)
                return
            case Scan():
                store.scan(item, file_ids=[file_id])
                return
            case Expectation():
                store.run("store/add_expectation", key=item.key, rows=item.rows, file_id=file_id)
                return
            case Manifest():
                store.run("store/add_manifest", record=kept_manifest(item, self.manifest, store), file_id=file_id)
                return
            case Change() | Contract() | EvalRun() | Replay() | Alert() | Piece():
                statement, row = fields_of(item)
                for key, value in row.items():
                    file.records.setdefault(statement, {}).setdefault(key, []).append(value)
        file.rows += 1

    def _wait(self, scan: Scan, file: _Taken) -> None:
        """Columns wait for those of other files, so that many small files are few statements."""
        self._fed = True
        columns = scan.columns.append_column("file_id", pa.array([file.file_id] * len(scan.columns), pa.int64()))
        columns = columns.append_column("source", pa.array([file.part.file.source] * len(scan.columns), pa.string()))
        key = (scan.name, repr(sorted(scan.parameters.items())))
        self._waiting[key].append((scan, columns))
        self._hand_over()

    def _hand_over(self, *, rest: bool = False) -> None:
        for key, waiting in list(self._waiting.items()):
            held = [columns for _, columns in waiting]
            if rest or sum(map(len, held)) >= _BATCH or sum(columns.nbytes for columns in held) > LARGE:
                del self._waiting[key]
                whole = pa.concat_tables(held)
                scan = waiting[0][0]
                kept = self.store.scan(scan.model_copy(update={"columns": whole}), file_ids=[])
                if scan.faults and kept < len(whole):
                    self.store.scan(Scan(name=scan.faults, columns=whole, rows_into="problems"), file_ids=[])

    def _finish(self, file: _Taken, rows: int) -> None:
        store, source = self.store, file.part.file.source
        self._tell(file.problems, file.file_id)
        for statement, kept in file.records.items():
            store.keep(statement, file_id=file.file_id, **kept)
        file.rows += rows
        self._names += [(file.file_id, name) for name in self._known_names.get(file.file_id, ())]
        self.files.append(LoadedFile(source=source, format=file.part.reader.name, sha256=file.sha256, rows=file.rows))
        self.rows += file.rows

    def _note_files(self, files: Sequence[_Taken]) -> None:
        formats = [file.part.reader.name for file in files]
        read_with = {name: self._read_with(name) for name in set(formats)}
        self.store.run(
            "store/add_files",
            file_ids=[file.file_id for file in files],
            sources=self.store.redacted([file.part.file.source for file in files]),
            formats=formats,
            hashes=[file.sha256 for file in files],
            sizes=[file.size for file in files],
            rows=[file.rows for file in files],
            read_with=[read_with[name] for name in formats],
        )

    def settled(self) -> Loaded:
        """Remove what came twice, join scores to traces, tell what only all files together show, and count."""
        store = self.store
        with store.transaction():
            store.run("store/forget_settled")
            self._tell(put_together(store), None)
            self._tell([Problem(source="incident.yaml", message=message) for message in self._unused], None)
            self._tell_names()
            for row in store.rows("store/replaced_contracts", seen=list(self.seen)):
                self._forget(row["file_id"])
            duplicates = store.run("store/drop_duplicate_spans") + store.run("store/drop_duplicate_scores")
            duplicates += store.run("store/drop_duplicate_replays") + store.run("store/drop_duplicate_logs")
            store.run("store/unjoin_scores")
            store.run("store/join_scores_by_response")
            store.run("store/join_scores_by_span")
            store.run("store/tell_unjoined")
            store.run("store/tell_unjoined_logs")
            store.run("store/tell_conflicts")
            told = self._ways({row["format"] for row in store.rows("store/files")})
            store.run("store/tell_read_otherwise", formats=list(told), read_with=list(told.values()))
            store.run("store/name_problems")
            store.run("store/drop_duplicate_problems")
        after = store.loaded()
        counts = {
            key: getattr(after, key) - getattr(self.before, key)
            for key in ("spans", "scores", "changes", "eval_runs", "replays", "alerts")
        }
        return Loaded(
            files=tuple(self.files),
            skipped=tuple(self.skipped),
            problems=after.problems,
            duplicates=duplicates,
            **counts,
        )

    def _tell_names(self) -> None:
        store, names, paths = self.store, [name for _, name in self._names], [path for _, path in self._places]
        store.run("store/add_names", file_ids=[one for one, _ in self._names], sources=store.redacted(names))
        store.run("store/add_places", file_ids=[at for at, _ in self._places], paths=paths, clean=store.redacted(paths))


_TABLES = (
    "spans", "scores", "logs", "changes", "contracts", "eval_runs", "replays", "alerts", "pieces", "expectations", "manifests",
    "problems", "file",
)  # fmt: skip
