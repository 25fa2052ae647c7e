"""The case file: one DuckDB file, and the only room that imports DuckDB.

Names of queries and their parameters come in; columns, rows and records go out. Every statement is a text under
``sql/``, bound and never formatted. Nothing here knows what a shift or a cause is.
"""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

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
from blameline.store.results import Result, column

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

__all__ = ["LAYOUT", "Result", "Store", "Unreadable"]

LAYOUT = 1
"""The version of ``sql/schema.sql`` that this program reads and writes."""

_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,  # a case file never fetches code
    "autoload_known_extensions": False,
    "python_enable_replacements": False,  # a query never sees the caller's variables
}
_MACROS = (
    "moment_ns", "score_value", "said_status", "said_operation", "also_known", "first_of_pairs",
    "first_of_each", "hex_id", "plain_level",
    "plain_value",
)  # fmt: skip
"""Words that the statements under ``sql/sources/`` share."""


class Unreadable(StoreError):
    """A file is not what its source said: a fault in the data, which intake tells as a ``Problem``."""


class Store:
    """An open case file; use it as a context manager."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        """Use ``Store.open``."""
        self._connection = connection
        self.path = path

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
        try:
            connection = duckdb.connect(str(path), read_only=read_only, config=_SETTINGS)
        except duckdb.Error as error:
            raise _cannot_open(path, error) from error
        store = cls(connection, path)
        try:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute("SET enable_progress_bar = false")  # stdout is the answer
            for macro in _MACROS:
                connection.execute(sql(f"store/{macro}"))
            store._lay_schema(read_only=read_only)
        except duckdb.Error as error:
            connection.close()
            raise _cannot_open(path, error) from error
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
        if version > LAYOUT:
            raise StoreError(
                f"{self.path} has layout {version}, and this blameline knows layout {LAYOUT}",
                hint="upgrade blameline, or load the files into a new case file",
            )

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

    def scan(self, scan: Scan, *, file_id: int) -> int:
        """Let DuckDB read a file by itself, as a source described it; the number of rows that it brought.

        Raises ``Unreadable`` when the file does not hold what the source promised.
        """
        bound = {**scan.parameters, "file_id": file_id}
        text = sql(scan.name)
        wanted = {key: value for key, value in bound.items() if key != "file_id" or "$file_id" in text}
        try:
            if scan.rows_into == "staging" and not self._staged():
                self.run("store/staging")
            if scan.columns is None:
                return self.run(scan.name, **wanted)
            self._connection.register("incoming", scan.columns)
            try:
                return self.run(scan.name, **wanted)
            finally:
                self._connection.unregister("incoming")
        except (duckdb.DataError, duckdb.IntegrityError, duckdb.OperationalError, duckdb.ProgrammingError) as error:
            raise Unreadable(_first_line(error)) from error

    def _staged(self) -> bool:
        return bool(self.rows("store/staged"))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing: what is run inside is kept together, or not at all."""
        self._connection.begin()
        try:
            yield
        except BaseException:
            self._connection.rollback()
            raise
        self._connection.commit()

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
            raise StoreError(_first_line(error), hint="this is not SQL that DuckDB reads") from error
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
            raise StoreError(_first_line(error), hint="SHOW TABLES lists what there is") from error
        finally:
            cursor.close()

    def changes(self) -> tuple[Change, ...]:
        """Every declared change, by the time it took effect and then by id."""
        return tuple(Change.model_validate_json(row["record"]) for row in self.rows("store/changes"))

    def eval_runs(self) -> tuple[EvalRun, ...]:
        """Every eval run, by time and then by id."""
        return tuple(EvalRun.model_validate_json(row["record"]) for row in self.rows("store/eval_runs"))

    def alerts(self) -> tuple[Alert, ...]:
        """Every alert, incident and complaint, by the time it was raised."""
        return tuple(Alert.model_validate_json(row["record"]) for row in self.rows("store/alerts"))

    def replays(self) -> dict[str, np.ndarray[Any, Any]]:
        """Replay results as columns: ``case_id``, ``signal``, ``run``, ``config`` (dicts), ``score``."""
        return self.query("store/replays")

    def manifest(self) -> Manifest:
        """The merged ``incident.yaml``; an empty one when none was loaded."""
        rows = self.rows("store/manifest")
        return Manifest.model_validate_json(rows[0]["record"]) if rows else Manifest()

    def problems(self) -> tuple[Problem, ...]:
        """Faults in what was loaded, by file and line."""
        return tuple(Problem.model_validate(row) for row in self.rows("store/problems"))

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


def _first_line(error: duckdb.Error) -> str:
    return str(error).strip().splitlines()[0]


def _cannot_open(path: Path, error: duckdb.Error) -> StoreError:
    said = str(error)
    if "lock" in said.lower():
        holder = re.search(r"PID (\d+)", said)
        who = f"process {holder.group(1)}" if holder else "another process"
        return StoreError(f"{path} is in use by {who}", hint="wait until it is done, or name another case file")
    if "different configuration" in said:
        return StoreError(f"{path} is already open in this process", hint="close the other store first")
    if "not a valid DuckDB" in said:
        return StoreError(f"{path} is not a case file", hint="name another file; this one is left as it is")
    if "newer version" in said or "newer" in said.lower():
        return StoreError(f"{path} was written by a newer DuckDB", hint="upgrade duckdb")
    return StoreError(f"{path} cannot be opened: {_first_line(error)}", hint="name another file")
