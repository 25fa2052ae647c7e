"""The way in: paths come in, and what the sources make of them is kept in the store.

Each file is one transaction, so that a load that is killed leaves a store that opens, and can be repeated. A file
that is there already is not read again. What came twice is removed at the end, whatever the order of the files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

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
from blameline.sources import Found, Item, discover
from blameline.store import Store, Unreadable

Progress = Callable[[str], None]
_MOST_PROBLEMS = 100
"""Problems of one file that are told one by one."""
_READ_BY_SETTINGS = frozenset({"table", "otlp"})
"""Formats whose reading depends on ``columns``, ``signals`` and ``fields`` of the manifest."""


def load(store: Store, paths: Iterable[Path], *, progress: Progress | None = None) -> Loaded:
    """Bring files and folders into the store; what this load brought in, passed over and found wrong.

    Loading the same files again changes nothing. ``progress`` is told the name of each file before it is read. Raises
    ``NotFound`` for a path that does not exist.
    """
    found = list(discover([Path(path) for path in paths]))
    visit = _Visit(store)
    visit.note(found)
    parts = sorted((part for part in found if isinstance(part, Found)), key=lambda part: part.reader.name != "manifest")
    for part in parts:
        if progress:
            progress(part.file.source)
        visit.take(part)
    return visit.settled()


@dataclass
class _Brought:
    """What one file brought."""

    rows: int = 0
    problems: list[Problem] = field(default_factory=list)


class _Visit:
    """One load: remembers what was there before, and what each file brought."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.before = store.loaded()
        self.old = store.manifest()
        self.files: list[LoadedFile] = []
        self.skipped: list[SkippedFile] = []
        self.seen: dict[tuple[str, str], str] = {}

    def note(self, found: Sequence[Found | SkippedFile | Problem]) -> None:
        """Keep what was passed over and what nobody could read."""
        with self.store.transaction():
            for part in found:
                if isinstance(part, SkippedFile):
                    self.skip(part)
                elif isinstance(part, Problem):
                    self.tell([part])

    def skip(self, part: SkippedFile) -> None:
        self.skipped.append(part)
        self.store.run("store/add_skipped", source=part.source, reason=part.reason)

    def tell(self, problems: Sequence[Problem]) -> None:
        shown = list(problems[:_MOST_PROBLEMS])
        if len(problems) > _MOST_PROBLEMS:
            rest = f"{len(problems) - _MOST_PROBLEMS} more problems in this file"
            shown.append(Problem(source=problems[0].source, message=rest))
        for part in shown:
            self.store.run("store/add_problem", source=part.source, line=part.line, message=part.message)

    def take(self, part: Found) -> None:
        """Read one file, unless it is there; all of it is kept, or nothing."""
        name, source = part.reader.name, part.file.source
        try:
            digest, size = _digest(part.file.path)
        except OSError as error:
            self.tell([Problem(source=source, message=f"cannot be read: {error.strerror}")])
            return
        if (digest, name) in self.seen and not part.file.head.folder:
            if self.seen[digest, name] != source:
                self.skip(SkippedFile(source=source, reason=f"the same bytes as {self.seen[digest, name]}"))
            return
        self.seen[digest, name] = source
        known = self.store.rows("store/known_file", sha256=digest, format=name)
        if known and not part.file.head.folder and not self._reads_differently(name):
            self.skipped.append(SkippedFile(source=source, reason="already loaded"))
            return
        fault = ""
        for lenient in (False, True):
            try:
                with self.store.transaction():
                    for row in known:
                        if row["source"] == source or not part.file.head.folder:
                            self._forget(row)
                    self._read(part, digest, size, lenient=lenient)
            except Unreadable as error:
                fault = error.message
            else:
                return
        self.tell([Problem(source=source, message=f"cannot be read: {fault}")])

    def _reads_differently(self, name: str) -> bool:
        now = self.store.manifest()
        return name in _READ_BY_SETTINGS and any(
            part(now) != part(self.old)
            for part in (
                lambda m: m.columns,
                lambda m: sorted(m.signals),
                lambda m: m.controls,
                lambda m: m.fields.get("judge"),
            )
        )

    def _forget(self, row: dict[str, Any]) -> None:
        for name in ("spans", "scores", "alerts", "expectations", "file"):
            self.store.run(f"store/forget_{name}", file_id=row["file_id"])
        self.store.run("store/forget_problems", source=row["source"])

    def _read(self, part: Found, digest: str, size: int, *, lenient: bool) -> None:
        store, file, name = self.store, part.file, part.reader.name
        file_id = store.rows("store/next_file")[0]["file_id"]
        brought = _Brought()
        for item in part.reader.read(file, store.manifest(), lenient=lenient):
            self._keep(item, file_id, brought)
        store.run("store/unstage")
        self.tell(brought.problems)
        row = LoadedFile(source=file.source, format=name, sha256=digest, rows=brought.rows)
        store.run("store/add_file", file_id=file_id, bytes=size, **row.model_dump())
        self.files.append(row)

    def _keep(self, item: Item, file_id: int, brought: _Brought) -> None:
        store = self.store
        match item:
            case Problem():
                brought.problems.append(item)
            case Scan():
                rows = store.scan(item, file_id=file_id)
                brought.rows += rows if item.rows_into in {"spans", "scores"} else 0
            case Manifest():
                _merge_manifest(store, item)
            case Change():
                brought.rows += 1
                there = store.rows("store/change", change_id=item.id)
                brought.problems += _differs(item, there, f"the change id '{item.id}'")
                if not there:
                    record = item.model_dump_json(by_alias=True)
                    bound = {"change_id": item.id, "kind": item.kind, "layer": item.layer}
                    store.run("store/add_change", took_effect=_naive(item.at), record=record, **bound)
            case EvalRun():
                brought.rows += 1
                there = store.rows("store/eval_run", run_id=item.run_id)
                brought.problems += _differs(item, there, f"the eval run id '{item.run_id}'")
                if not there:
                    record = item.model_dump_json(by_alias=True)
                    bound = {"run_id": item.run_id, "suite": item.suite}
                    store.run("store/add_eval_run", ran_at=_naive(item.at), record=record, **bound)
            case Replay():
                brought.rows += 1
                config = {"key": list(item.config), "value": list(item.config.values())}
                bound = {"case_id": item.case_id, "signal": item.signal, "run": item.run}
                store.run("store/add_replay", config=config, score=item.score, file_id=file_id, **bound)
            case Alert():
                brought.rows += 1
                record = item.model_dump_json()
                bound = {"alert_id": item.id, "system": item.system, "raised_at": _naive(item.at)}
                store.run("store/add_alert", record=record, file_id=file_id, **bound)
            case Expectation():
                store.run("store/add_expectation", key=item.key, rows=item.rows, file_id=file_id)

    def settled(self) -> Loaded:
        """Remove what came twice, join scores to traces by response, and count."""
        store = self.store
        with store.transaction():
            duplicates = store.run("store/drop_duplicate_spans") + store.run("store/drop_duplicate_scores")
            store.run("store/forget_unjoined")
            store.run("store/join_scores_by_response")
            store.run("store/join_scores_by_span")
            store.run("store/tell_unjoined")
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


def _merge_manifest(store: Store, new: Manifest) -> None:
    """What a later file says wins, key by key; mappings are joined."""
    merged = store.manifest().model_dump(mode="json", by_alias=True, exclude_unset=True)
    for key, value in new.model_dump(mode="json", by_alias=True, exclude_unset=True).items():
        merged[key] = (
            {**merged[key], **value} if isinstance(value, dict) and isinstance(merged.get(key), dict) else value
        )
    whole = Manifest.model_validate(merged)
    store.run("store/drop_manifest")
    store.run("store/add_manifest", record=whole.model_dump_json(by_alias=True, exclude_unset=True))


def _differs(item: Change | EvalRun, there: Sequence[dict[str, Any]], what: str) -> list[Problem]:
    """A ``Problem`` when the same id stands for something else already."""
    if not there:
        return []
    first = type(item).model_validate_json(there[0]["record"])
    if first.model_copy(update={"source": item.source}) == item:
        return []
    return [
        Problem(source=item.source, message=f"{what} stands for something else in {first.source}; the first is kept")
    ]


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def _digest(path: Path) -> tuple[str, int]:
    """The hash of the bytes on disk and their number; a folder has a history of its own and is asked anew each time."""
    if path.is_dir():
        return "folder", 0
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size
