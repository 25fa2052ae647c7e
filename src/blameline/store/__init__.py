"""The case file: one DuckDB file, and the only room that imports DuckDB.

Names of queries and their parameters come in; columns, rows and records go out. Every statement is a text under
``sql/``, bound and never formatted. Nothing here knows what a shift or a cause is.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import duckdb
import numpy as np

from blameline.assets import sql
from blameline.errors import NotFound, StoreError
from blameline.records import (
    Alert,
    Change,
    EvalRun,
    Loaded,
    LoadedFile,
    Manifest,
    Problem,
    Query,
    Scan,
    SkippedFile,
    as_utc,
    stamp,
)
from blameline.store.beginning import LAYOUT, MACROS, READING, SESSION, SETTINGS, create
from blameline.store.faults import cannot_open, cannot_write, first_line, is_full
from blameline.store.incoming import Incoming
from blameline.store.protection import Content, Protection, protection
from blameline.store.results import Result, column
from blameline.store.words import kept

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

__all__ = ["LAYOUT", "Content", "Result", "Store", "Unreadable"]

Told = TypeVar("Told", Change, EvalRun, Alert)
_KINDS = {Change: "a change", EvalRun: "an eval run", Alert: "an alert"}


class Unreadable(StoreError):
    """A file is not what its source said: a fault in the data, which intake tells as a ``Problem``."""


class Store:
    """An open case file; use it as a context manager."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        """Use ``Store.open``."""
        self._connection = connection
        self._incoming = Incoming(connection)
        self.path = path
        self.unreadable: dict[Problem, None] = {}
        """Records that were asked for and cannot be read back."""

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False) -> Self:
        """Open a case file, and lay the schema when it is new.

        Raises ``NotFound`` when there is nothing to read, and ``StoreError`` when the file is in use by another
        process, is no case file, or was written by a newer blameline.
        """
        path = Path(path)
        if read_only and not path.exists():
            raise NotFound(f"no case file at {path}", hint="load a case folder first")
        if path.is_dir() or not path.parent.is_dir():
            raise StoreError(f"{path} cannot be a case file", hint="name a file in a folder that exists")
        if not path.exists():
            create(path)
        try:
            connection = duckdb.connect(str(path), read_only=read_only, config=SETTINGS)
        except duckdb.Error as error:
            raise cannot_open(path, error) from error
        store = cls(connection, path)
        try:
            connection.execute(SESSION)
            store.lay_words(READING if read_only else MACROS)
            if not read_only:
                store._lay(protection("redacted"))
            store._lay_schema(read_only=read_only)
        except duckdb.Error as error:
            connection.close()
            raise cannot_open(path, error) from error
        except StoreError:
            connection.close()
            raise
        return store

    def close(self) -> None:
        """Close the file; a closed store answers nothing."""
        self._connection.close()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file, whatever happened."""
        self.close()

    def _lay_schema(self, *, read_only: bool) -> None:
        tables = {name for (name,) in self._connection.execute(sql("store/tables")).fetchall()}
        if "layout" not in tables:
            if tables:
                raise StoreError(f"{self.path} is a DuckDB file but no case file", hint="name another file")
            if read_only:
                raise StoreError(f"{self.path} is empty", hint="load a case folder first")
            with self.transaction():
                self._connection.execute(sql("schema"))
                self.run("store/set_layout", version=LAYOUT)
        (version,) = self._connection.execute(sql("store/layout")).fetchone() or (0,)
        if version < LAYOUT:
            said = f"{self.path} was made by an older blameline (layout {version}; this one knows layout {LAYOUT})"
            raise StoreError(said, hint="load the files into a new case file")
        if version > LAYOUT:
            raise StoreError(
                f"{self.path} has layout {version}, and this blameline knows layout {LAYOUT}",
                hint="upgrade blameline, or load the files into a new case file",
            )

    def begin(self, content: Content | None) -> None:
        """A load begins; the first one says what is kept of questions and answers, for good.

        Raises ``StoreError`` when this one says otherwise than the first.
        """
        self.run("store/set_content", content=content or "redacted")
        kept = self.settings()["content"]
        if content not in {None, kept}:
            raise StoreError(
                f"{self.path} was made with --content {kept}, and holds nothing else",
                hint=f"load with --content {kept}, or into a new case file",
            )
        self.run("store/set_loading")

    def end(self) -> None:
        """The load has ended."""
        self.run("store/unset_loading")

    def settings(self) -> dict[str, str]:
        """What holds for the whole case file: ``content``, and ``loading`` while a load has begun and not ended."""
        return {row["key"]: row["value"] for row in self.rows("store/settings")}

    def protect(self, manifest: Manifest) -> list[str]:
        """Lay the patterns that nothing stored may match, those of a manifest among them; what is wrong with those."""
        content: Any = self.settings().get("content", "redacted")
        good, faults = [], []
        for pattern in manifest.redact.patterns:
            try:
                cursor = self._connection.cursor()  # its own: a fault would end a transaction
                cursor.execute(sql("store/is_pattern"), {"pattern": pattern})
            except duckdb.Error as error:
                faults.append(f"the pattern '{pattern}' under 'redact' is not used: {first_line(error)}")
            else:
                good.append(pattern)
        self._lay(protection(content, tuple(good), manifest.redact.names))
        return faults

    def _lay(self, how: Protection) -> None:
        self.run("store/protect", **asdict(how))

    def lay_words(self, words: Sequence[str] = MACROS) -> None:
        """Lay words that statements share; a case file that was opened to be read has few of them."""
        for macro in words:
            self._connection.execute(sql(f"store/{macro}"))

    def interrupt(self) -> None:
        """Break off the statement that runs now; may be called from another thread."""
        self._connection.interrupt()

    def under_way(self) -> float:
        """How much of the statement that runs now is done, between 0 and 1; may be asked from another thread."""
        return max(self._connection.query_progress(), 0.0) / 100

    def query(self, name: str, /, **parameters: object) -> dict[str, np.ndarray[Any, Any]]:
        """The columns that ``sql/<name>.sql`` answers.

        NULL becomes ``nan`` in number columns, ``NaT`` in times and ``None`` in all others; a TIMESTAMP is
        ``datetime64[us]`` in UTC, and a MAP a ``dict``.
        """
        found = self._execute(name, parameters).fetchnumpy()
        return {
            key: column(np.asarray(values) if not isinstance(values, np.ndarray) else values)
            for key, values in found.items()
        }

    def rows(self, name: str, /, **parameters: object) -> list[dict[str, Any]]:
        """The few rows that ``sql/<name>.sql`` answers; times are aware and in UTC."""
        cursor = self._execute(name, parameters)
        names = [entry[0] for entry in cursor.description or ()]
        return [
            {
                key: as_utc(value) if isinstance(value, datetime) else value
                for key, value in zip(names, row, strict=True)
            }
            for row in cursor.fetchall()
        ]

    def run(self, name: str, /, **parameters: object) -> int:
        """Run ``sql/<name>.sql`` for its effect; the number of rows it inserted, changed or deleted."""
        rows = self._execute(name, parameters).fetchall()
        return int(rows[0][0]) if rows and rows[0] and isinstance(rows[0][0], int) else 0

    def keep(self, name: str, /, *, file_id: int, **columns: list[Any]) -> None:
        """Keep records of one file by ``sql/<name>.sql``, a list for each of its parameters; what people typed is redacted."""
        self.run(
            name, file_id=file_id, **(kept(columns, self.rows) if columns.keys() & {"record", "piece"} else columns)
        )

    def redacted(self, said: Sequence[str]) -> list[str]:
        """Words of nobody's record, such as names of files and messages, without anything sensitive in them."""
        (look,) = self.rows("store/is_sensitive", said=list(said))
        return self.rows("store/redacted_words", said=list(said))[0]["said"] if look["sensitive"] else list(said)

    def scan(self, scan: Scan, *, file_ids: Sequence[int]) -> int:
        """Let DuckDB read files by itself, as a source described it; the number of rows that it brought.

        ``file_ids`` are the numbers of the files, in the order of their paths. Raises ``Unreadable`` when a file does
        not hold what the source promised.
        """
        wanted = dict(scan.parameters)
        text = sql(scan.name)
        if "$file_ids" in text:
            wanted["file_ids"] = list(file_ids)
        elif "$file_id" in text:
            (wanted["file_id"],) = file_ids
        try:
            if scan.rows_into == "staging" and not self._staged():
                self.run("store/staging")
            self._incoming.lay(text, scan.columns)
            rows = self.run(scan.name, **wanted)
            self._incoming.clear()
        except (duckdb.DataError, duckdb.IntegrityError, duckdb.OperationalError, duckdb.ProgrammingError) as error:
            if is_full(error):
                raise cannot_write(self.path, error) from error
            raise Unreadable(first_line(error)) from error
        return rows

    def _staged(self) -> bool:
        return bool(self.rows("store/staged"))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing: what is run inside is kept together, or not at all."""
        try:
            self._connection.begin()
            try:
                yield
            except BaseException:
                self._incoming.forget()
                with suppress(duckdb.Error):  # what went wrong first is what is told
                    self._connection.rollback()
                raise
            self._connection.commit()
        except duckdb.Error as error:
            if is_full(error):
                raise cannot_write(self.path, error) from error
            raise

    @contextmanager
    def one_thread(self) -> Iterator[None]:
        """What is run inside is slow and needs little memory; outside of a transaction."""
        self.run("store/one_thread")
        try:
            yield
        finally:
            self.run("store/all_threads")

    def provenance(self, name: str, /, **parameters: object) -> Query:
        """Where an answer came from: the query's name, the hash of its text, and what was bound."""
        text = sql(name).encode()
        return Query(
            name=name, sha256=hashlib.sha256(text).hexdigest(), parameters={k: _plain(v) for k, v in parameters.items()}
        )

    def sql(self, text: str) -> Result:
        """A person's own query, which can read everything and change nothing.

        Raises ``StoreError`` when it is not one question, or DuckDB cannot answer it.
        """
        try:
            statements = duckdb.extract_statements(text)
        except duckdb.Error as error:
            raise StoreError(first_line(error), hint="this is not SQL that DuckDB reads") from error
        if len(statements) != 1 or statements[0].type not in {
            duckdb.StatementType.SELECT,
            duckdb.StatementType.EXPLAIN,
        }:
            raise StoreError(
                "only one SELECT, DESCRIBE, SHOW or EXPLAIN is answered", hint="the case file is read-only here"
            )
        cursor = self._connection.cursor()
        try:
            cursor.execute("BEGIN TRANSACTION READ ONLY")
            cursor.execute(statements[0])
            columns = tuple(entry[0] for entry in cursor.description or ())
            return Result(columns=columns, rows=tuple(cursor.fetchall()))
        except duckdb.Error as error:
            raise StoreError(first_line(error), hint="SHOW TABLES lists what there is") from error
        finally:
            cursor.close()

    def changes(self) -> tuple[Change, ...]:
        """Every declared change, by the time it took effect and then by id."""
        return self._told(Change, "store/changes")

    def eval_runs(self) -> tuple[EvalRun, ...]:
        """Every eval run, by time and then by id."""
        return self._told(EvalRun, "store/eval_runs")

    def alerts(self) -> tuple[Alert, ...]:
        """Every alert, incident and complaint, by the time it was raised."""
        return self._told(Alert, "store/alerts")

    def replays(self) -> dict[str, np.ndarray[Any, Any]]:
        """Replay results as columns: ``case_id``, ``signal``, ``run``, ``config`` (dicts), ``score``."""
        return self.query("store/replays")

    def manifest(self) -> Manifest:
        """The merged ``incident.yaml``: a later file wins, key by key; mappings are joined, and what to redact adds up."""
        merged: dict[str, Any] = {}
        for row in self.rows("store/manifest"):
            for key, value in json.loads(row["record"]).items():
                known = merged.get(key)
                if key == "redact" and known:  # what was to be redacted once stays so
                    merged[key] = {name: [*known.get(name, ()), *value.get(name, ())] for name in (*known, *value)}
                elif isinstance(value, dict) and isinstance(known, dict):
                    merged[key] = {**known, **value}
                else:
                    merged[key] = value
        return Manifest.model_validate(merged)

    def problems(self) -> tuple[Problem, ...]:
        """Faults in what was loaded, by file and line."""
        told = (Problem.model_validate(row) for row in self.rows("store/problems"))
        if self.rows("store/unreadable_records"):
            _ = self.changes(), self.eval_runs(), self.alerts()
        return tuple(dict.fromkeys([*told, *self.unreadable]))  # files of one name may say the same

    def loaded(self) -> Loaded:
        """What the case file holds, as the sum of all loads."""
        files = self.rows("store/files")
        counts = self.rows("store/counts")[0]
        return Loaded(
            files=tuple(
                LoadedFile(source=row["source"], format=row["format"], sha256=row["sha256"], rows=row["rows"])
                for row in files
                if row["format"] != "skipped"
            ),
            skipped=tuple(
                SkippedFile(source=row["source"], reason=row["reason"]) for row in files if row["format"] == "skipped"
            ),
            problems=self.problems(),
            **counts,
        )

    def _told(self, kind: type[Told], name: str) -> tuple[Told, ...]:
        """Records as their files told them; what cannot be read back is a problem and no reason to tell nothing."""
        told = []
        for row in self.rows(name):
            source = row["source"] or ""
            try:
                told.append(kind.model_validate({**json.loads(row["record"]), "source": source}))
            except ValueError:
                said = f"{_KINDS[kind]} was stored so that it cannot be read back: load the file into a new case file"
                self.unreadable[Problem(source=source, message=said)] = None
        return tuple(told)

    def _execute(self, name: str, parameters: dict[str, Any]) -> duckdb.DuckDBPyConnection:
        return self._connection.execute(sql(name), parameters or None)


def _plain(value: object) -> object:
    """A bound value as JSON can hold it."""
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, np.generic):
        return value.item() if not isinstance(value, np.datetime64) else f"{value}Z"
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_plain(part) for part in value]
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    return (
        value if isinstance(value, (str, int, float, bool, type(None))) else json.loads(json.dumps(value, default=str))
    )
