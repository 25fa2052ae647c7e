"""One load: what was there before, what each group of files brings, and what is settled when all of them are in."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from blameline.records import (
    Alert,
    Change,
    EvalRun,
    Expectation,
    Loaded,
    LoadedFile,
    Manifest,
    Problem,
    Replay,
    Scan,
    SkippedFile,
)
from blameline.sources import Found, Item
from blameline.store import Content, Store, Unreadable

_MOST_PROBLEMS = 100
"""Problems of one file that are told one by one."""
_BATCH = 20_000
"""Rows that are handed to the store together, from however many files."""
_READ_BY_SETTINGS = frozenset({"table", "otlp", "otlp_protobuf"})
"""Formats whose reading depends on ``columns``, ``signals``, ``controls`` and the judge's ``fields`` of the manifest."""


@dataclass
class _Taken:
    """One file that is being read."""

    part: Found
    file_id: int
    sha256: str
    size: int
    rows: int = 0
    problems: list[Problem] = field(default_factory=list)


class Visit:
    """Remembers what was there before, and what each file brought."""

    def __init__(self, store: Store, content: Content | None) -> None:
        self.store = store
        self.before = store.loaded()
        self.files: list[LoadedFile] = []
        self.skipped: list[SkippedFile] = []
        self.seen: dict[int, str] = {}
        self.rows = 0
        self._waiting: dict[tuple[str, str], list[tuple[Scan, pa.Table]]] = defaultdict(list)
        self.known: dict[int, str | None] = {row["file_id"]: row["read_with"] for row in store.rows("store/known_files")}
        """What decided how each known file was read; ``None`` for one that only left a problem."""
        with store.transaction():
            store.begin(content)
        self._protect()

    def _protect(self) -> None:
        self.manifest = self.store.manifest()
        for message in self.store.protect(self.manifest):
            with self.store.transaction():
                self._tell([Problem(source="incident.yaml", message=message)], identity("unread", "redact"))

    def note(self, found: Sequence[Found | SkippedFile | Problem]) -> None:
        """Keep what was passed over and what nobody could read."""
        with self.store.transaction():
            for part in found:
                if isinstance(part, SkippedFile):
                    self._skip(part)
                elif isinstance(part, Problem):
                    self._tell([part], identity("unread", part.source))

    def _skip(self, part: SkippedFile) -> None:
        self.skipped.append(part)
        self.store.run(
            "store/add_skipped", file_id=identity("skipped", part.source), source=part.source, reason=part.reason
        )

    def _tell(self, problems: Sequence[Problem], file_id: int | None) -> None:
        shown = list(problems[:_MOST_PROBLEMS])
        if len(problems) > _MOST_PROBLEMS:
            rest = f"{len(problems) - _MOST_PROBLEMS} more problems in this file"
            shown.append(Problem(source=problems[0].source, message=rest))
        for part in shown:
            self.store.run(
                "store/add_problem", source=part.source, line=part.line, message=part.message, file_id=file_id
            )

    def take(self, group: Sequence[Found]) -> None:
        """Read the files of a group that are not there yet: together, or one by one where something is wrong with one."""
        taken = [file for part in group if (file := self._new(part))]
        if not taken:
            return
        try:
            self._read(taken, lenient=False)
        except Unreadable:
            for file in taken:
                self._alone(file)

    def _alone(self, file: _Taken) -> None:
        fault = ""
        for lenient in (False, True):
            try:
                self._read([file], lenient=lenient)
            except Unreadable as error:
                fault = error.message
            else:
                return
        with self.store.transaction():
            self._tell([Problem(source=file.part.file.source, message=f"cannot be read: {fault}")], file.file_id)

    def _new(self, part: Found) -> _Taken | None:
        """The file, unless it is there already."""
        name, source, folder = part.reader.name, part.file.source, part.file.head.folder
        try:
            digest, size = _digest(part.file.path)
        except OSError as error:
            with self.store.transaction():
                said = f"cannot be read: {error.strerror}"
                self._tell([Problem(source=source, message=said)], identity("unread", source))
            return None
        file_id = identity(name, str(part.file.path.resolve()) if folder else digest)
        if file_id in self.seen:
            if self.seen[file_id] != source:
                self.skipped.append(SkippedFile(source=source, reason=f"the same bytes as {self.seen[file_id]}"))
                self._name(file_id, source)
            return None
        self.seen[file_id] = source
        if not folder and self.known.get(file_id) == self._read_with(name):
            self.skipped.append(SkippedFile(source=source, reason="already loaded"))
            self._name(file_id, source)
            return None
        return _Taken(part, file_id, digest, size)

    def _name(self, file_id: int, source: str) -> None:
        with self.store.transaction():
            self.store.run("store/add_name", file_id=file_id, source=source)

    def _read_with(self, name: str) -> str:
        """What the manifest says that decides how a file of this format is read, as a short hash."""
        if name not in _READ_BY_SETTINGS:
            return ""
        manifest = self.manifest
        judge = manifest.fields.get("judge")
        told = (sorted(manifest.columns.items()), sorted(manifest.signals), sorted(manifest.controls), judge, manifest.redact)
        return hashlib.sha256(repr(told).encode()).hexdigest()[:16]

    def _read(self, files: Sequence[_Taken], *, lenient: bool) -> None:
        """All of it is kept, or nothing."""
        self._waiting.clear()
        for file in files:
            file.rows, file.problems = 0, []
        with self.store.transaction():
            for file in files:
                if file.file_id in self.known:
                    self._forget(file.file_id)
            together = [] if lenient else [file for file in files if self._may_join(file)]
            if len(together) > 1:
                self._scan_together(together)
            for file in files:
                if len(together) > 1 and file in together:
                    continue
                for item in file.part.reader.read(file.part.file, self.manifest, lenient=lenient):
                    self._keep(item, file)
                if file.part.reader.name == "table":
                    self.store.run("store/unstage")
            self._hand_over(rest=True)
            found = self.store.rows("store/rows_of", file_ids=[file.file_id for file in files])
            rows = {row["file_id"]: row["n"] for row in found}
            for file in files:
                self._finish(file, rows.get(file.file_id, 0))
        for file in files:
            if file.part.reader.name == "manifest":
                self._protect()

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
                record = item.model_dump_json(by_alias=True, exclude_unset=True)
                store.run("store/add_manifest", record=record, file_id=file_id)
                return
            case Change():
                bound = {"change_id": item.id, "kind": item.kind, "layer": item.layer, "took_effect": _naive(item.at)}
                bound["recorded"] = None if item.recorded_at is None else _naive(item.recorded_at)
                bound["slack"] = item.uncertainty.total_seconds() if item.uncertainty else 0.0
                store.run("store/add_change", record=_record(item), file_id=file_id, **bound)
            case EvalRun():
                bound = {"run_id": item.run_id, "suite": item.suite, "ran_at": _naive(item.at)}
                store.run("store/add_eval_run", record=_record(item), file_id=file_id, **bound)
            case Replay():
                config = {"key": list(item.config), "value": list(item.config.values())}
                bound = {"case_id": item.case_id, "signal": item.signal, "run": item.run}
                store.run("store/add_replay", config=config, score=item.score, file_id=file_id, **bound)
            case Alert():
                bound = {"alert_id": item.id, "system": item.system, "raised_at": _naive(item.at)}
                store.run("store/add_alert", record=_record(item), file_id=file_id, **bound)
        file.rows += 1

    def _wait(self, scan: Scan, file: _Taken) -> None:
        """Columns wait for those of other files, so that many small files are few statements."""
        columns = scan.columns.append_column("file_id", pa.array([file.file_id] * len(scan.columns), pa.int64()))
        columns = columns.append_column("source", pa.array([file.part.file.source] * len(scan.columns), pa.string()))
        key = (scan.name, repr(sorted(scan.parameters.items())))
        self._waiting[key].append((scan, columns))
        self._hand_over()

    def _hand_over(self, *, rest: bool = False) -> None:
        for key, waiting in list(self._waiting.items()):
            if rest or sum(len(columns) for _, columns in waiting) >= _BATCH:
                del self._waiting[key]
                whole = pa.concat_tables([columns for _, columns in waiting])
                self.store.scan(waiting[0][0].model_copy(update={"columns": whole}), file_ids=[])

    def _finish(self, file: _Taken, rows: int) -> None:
        store, source = self.store, file.part.file.source
        self._tell(file.problems, file.file_id)
        rows += file.rows
        row = LoadedFile(source=source, format=file.part.reader.name, sha256=file.sha256, rows=rows)
        told = {"file_id": file.file_id, "bytes": file.size, "read_with": self._read_with(row.format)}
        store.run("store/add_file", **told, **row.model_dump())
        self.files.append(row)
        self.rows += rows

    def settled(self) -> Loaded:
        """Remove what came twice, join scores to traces, tell what only all files together show, and count."""
        store = self.store
        with store.transaction():
            store.run("store/forget_settled")
            duplicates = store.run("store/drop_duplicate_spans") + store.run("store/drop_duplicate_scores")
            store.run("store/unjoin_scores")
            store.run("store/join_scores_by_response")
            store.run("store/join_scores_by_span")
            store.run("store/tell_unjoined")
            store.run("store/tell_conflicts")
            for name in sorted(_READ_BY_SETTINGS):
                store.run("store/tell_read_otherwise", format=name, read_with=self._read_with(name))
            store.run("store/drop_duplicate_problems")
            store.end()
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


_TABLES = (
    "spans", "scores", "changes", "eval_runs", "replays", "alerts", "expectations", "manifests", "problems", "file",
)  # fmt: skip


def identity(*said: str) -> int:
    """A number for a file that is the same in every load: what it holds decides, and not when it came."""
    return int.from_bytes(hashlib.sha256("\0".join(said).encode()).digest()[:8], "big") >> 1


def _record(item: Change | EvalRun | Alert) -> str:
    """A record as it is kept; the file that it came from is known by its number."""
    return item.model_dump_json(by_alias=True, exclude={"source"})


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def _digest(path: Path) -> tuple[str, int]:
    """The hash of the bytes on disk and their number; a folder has a history of its own and is asked anew each time."""
    if path.is_dir():
        return "folder", 0
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size
