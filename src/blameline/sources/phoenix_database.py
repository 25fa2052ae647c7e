"""Phoenix's own SQLite file: its spans and annotations in, row after row, as spans and scores out.

The file is opened for reading only and never changed. Where Phoenix left a write-ahead log or a journal beside it, a
passing copy of both is read instead, so that the last rows count.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from blameline.records import Problem
from blameline.sources.phoenix import AT_ONCE, Spans
from blameline.sources.phoenix_annotations import Annotations
from blameline.sources.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from blameline.records import Manifest, Scan
    from blameline.sources.heads import File, Head

_MAGIC = b"SQLite format 3\0"
_COLUMN = b"cumulative_llm_token_count_prompt"  # nobody else's
_BESIDE = {"-wal": (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83"), "-shm": (b"\x18\xe2\x2d\0", b"\0\x2d\xe2\x18")}
"""Files that SQLite keeps beside a database, and how they begin."""
_TABLES = frozenset({"projects", "traces", "spans", "span_annotations"})
_COUNTED = frozenset(
    {"id", "trace_rowid", "span_rowid", "project_session_id", "cumulative_error_count",
     "cumulative_llm_token_count_prompt", "cumulative_llm_token_count_completion", "llm_token_count_prompt",
     "llm_token_count_completion", "project_name", "total_cost", "attributes", "events"}
)  # fmt: skip
"""Row numbers, and sums that Phoenix made of the attributes."""

_SPANS = """
SELECT spans.*, spans.id AS line, spans.span_id AS "context.span_id", traces.trace_id AS "context.trace_id",
       projects.name AS project_name
FROM spans LEFT JOIN traces ON traces.id = spans.trace_rowid LEFT JOIN projects ON projects.id = traces.project_rowid
ORDER BY spans.id
"""
_COSTED_SPANS = """
SELECT spans.*, spans.id AS line, spans.span_id AS "context.span_id", traces.trace_id AS "context.trace_id",
       projects.name AS project_name,
       (SELECT sum(total_cost) FROM span_costs WHERE span_costs.span_rowid = spans.id) AS total_cost
FROM spans LEFT JOIN traces ON traces.id = spans.trace_rowid LEFT JOIN projects ON projects.id = traces.project_rowid
ORDER BY spans.id
"""
_ANNOTATIONS = {
    "span_annotations": """
        SELECT a.*, a.id AS line, spans.span_id FROM span_annotations AS a LEFT JOIN spans ON spans.id = a.span_rowid
    """,
    "trace_annotations": """
        SELECT a.*, a.id AS line, traces.trace_id FROM trace_annotations AS a
        LEFT JOIN traces ON traces.id = a.trace_rowid
    """,
    "document_annotations": """
        SELECT a.*, a.id AS line, spans.span_id FROM document_annotations AS a
        LEFT JOIN spans ON spans.id = a.span_rowid
    """,
    "project_session_annotations": """
        SELECT a.*, a.id AS line, s.session_id FROM project_session_annotations AS a
        LEFT JOIN project_sessions AS s ON s.id = a.project_session_id
    """,
}
"""Table → its rows, each with the id of what it is about."""


class PhoenixDatabase:
    """Reads the database that a Phoenix server keeps in its working folder."""

    name = "phoenix_database"

    def sniff(self, path: Path, head: Head) -> bool:
        """True for a SQLite file with Phoenix's tables, and for what SQLite keeps beside one."""
        for suffix, starts in _BESIDE.items():
            if path.name.endswith(suffix) and head.data.startswith(starts):
                return _is_phoenix(path.with_name(path.name.removesuffix(suffix)))
        return head.data.startswith(_MAGIC) and head.compression == "none" and _is_phoenix(path)

    def read(self, file: File, manifest: Manifest, *, lenient: bool) -> Iterator[Scan | Problem]:  # noqa: ARG002
        """Spans and scores, a batch at a time; one problem where the file is in use or damaged."""
        if not file.head.data.startswith(_MAGIC):
            return  # read together with the database that it lies beside
        rows = Rows(file, batch=AT_ONCE)
        try:
            with _opened(file.path) as (database, beside):
                if beside:
                    yield Problem(
                        source=file.source,
                        message=f"the database was in use: what '{beside}' adds is read too, but it may be unfinished; "
                        "stop Phoenix or use a backup to be sure of all rows",
                    )
                yield from _all(database, rows)
        except (sqlite3.Error, OSError) as error:
            yield from rows.taken(rest=True)
            yield Problem(
                source=file.source, message=f"the database is damaged or locked, read as far as it goes: {error}"
            )


def _all(database: sqlite3.Connection, rows: Rows) -> Iterator[Scan | Problem]:
    tables = _tables(database)
    spans = Spans(rows)
    for row in _rows(database, _COSTED_SPANS if "span_costs" in tables else _SPANS):
        yield from _span(spans, row, rows.file.source)
        yield from rows.taken()
    annotations = Annotations(rows)
    for table, query in _ANNOTATIONS.items():
        if table not in tables:
            continue
        for row in _rows(database, query):
            said = {key: value for key, value in row.items() if value is not None and key not in _COUNTED}
            yield from annotations.add({key: value for key, value in said.items() if key != "line"}, row["line"])
            yield from rows.taken()
    yield from spans.rest()
    yield from annotations.rest()


def _span(spans: Spans, row: dict[str, Any], source: str) -> Iterator[Problem]:
    """One row of spans, with its JSON read."""
    record = {key: value for key, value in row.items() if key not in _COUNTED and key not in {"line", "span_id"}}
    for key in ("attributes", "events"):
        try:
            record[key] = json.loads(row[key] or "null")
        except (TypeError, ValueError, RecursionError):
            yield Problem(source=source, line=row["line"], message=f"the span's {key} are no JSON: left out")
    attributes = record.get("attributes")
    if isinstance(attributes, dict):
        attributes.setdefault("openinference.project.name", row["project_name"])
        cost = row.get("total_cost")
        own = attributes.get("llm")
        if cost is not None and not (isinstance(own, dict) and "cost" in own):
            attributes["gen_ai.usage.cost"] = cost
    yield from spans.add(record, row["line"])


def _rows(database: sqlite3.Connection, query: str) -> Iterator[dict[str, Any]]:
    with closing(database.execute(query)) as found:
        names = [column[0] for column in found.description]
        for row in found:
            yield dict(zip(names, row, strict=True))


def _tables(database: sqlite3.Connection) -> set[str]:
    return {str(row["name"]) for row in _rows(database, "SELECT name FROM sqlite_master WHERE type = 'table'")}


@contextmanager
def _opened(path: Path) -> Iterator[tuple[sqlite3.Connection, str]]:
    """The database for reading, and the name of the log or journal beside it that was read with it."""
    beside = [
        near
        for end in ("-wal", "-journal")
        if (near := path.with_name(path.name + end)).is_file() and near.stat().st_size
    ]
    if not beside:
        with closing(_connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1")) as database:
            yield database, ""
        return
    with TemporaryDirectory(prefix="blameline-") as folder:
        copy = Path(folder) / "copy.db"
        shutil.copyfile(path, copy)
        for near in beside:
            shutil.copyfile(near, copy.with_name(copy.name + near.name.removeprefix(path.name)))
        with closing(_connect(copy.as_uri())) as database:
            yield database, beside[0].name


def _connect(address: str) -> sqlite3.Connection:
    database = sqlite3.connect(address, uri=True)
    database.text_factory = lambda said: said.decode("utf-8", errors="replace")
    return database


def _is_phoenix(path: Path) -> bool:
    """True when the tables are Phoenix's; a file too damaged to say is searched for a column of them."""
    try:
        with closing(_connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1")) as database:
            return _tables(database) >= _TABLES
    except sqlite3.Error:
        pass
    try:
        with path.open("rb") as file:
            start = file.read(1 << 20)
    except OSError:
        return False
    return start.startswith(_MAGIC) and _COLUMN in start
