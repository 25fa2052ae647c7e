"""Spans and scores of a vendor's export: fields of one row in, columns for DuckDB out, a batch at a time.

A source says what its fields mean by filling ``span`` and ``score``; times, ids, older names, redaction and faults are
settled by the statements under ``sql/sources/rows_*.sql``, which are the same for every vendor. No row is kept.
"""

from __future__ import annotations

import json
import re
import string
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa

from blameline.records import Scan
from blameline.sources.aliases import older

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from blameline.sources.heads import File

_TEXTS = pa.list_(pa.string())
SPAN = pa.schema(
    {"line": pa.int64(), "trace_id": pa.string(), "span_id": pa.string(), "parent_id": pa.string(), "name": pa.string(),
     "began": pa.string(), "ended": pa.string(), "duration_ms": pa.float64(), "status": pa.string(), "names": _TEXTS,
     "said": _TEXTS}
)  # fmt: skip
SCORE = pa.schema(
    {"line": pa.int64(), "trace_id": pa.string(), "span_id": pa.string(), "response_id": pa.string(), "name": pa.string(),
     "value": pa.string(), "label": pa.string(), "evaluator": pa.string(), "moment": pa.string(), "names": _TEXTS,
     "said": _TEXTS}
)  # fmt: skip
LOG = pa.schema(
    {"line": pa.int64(), "trace_id": pa.string(), "span_id": pa.string(), "moment": pa.string(), "names": _TEXTS,
     "said": _TEXTS}
)  # fmt: skip
BATCH, LARGE = 20_000, 1 << 25
"""Rows that are a batch, and characters that are one however few rows hold them: a statement needs them twenty times over."""
Table = Literal["spans", "scores", "logs"]
_IN_A_WORD = string.ascii_letters + string.digits + "_.+-%@/=:~$&?#!*"
"""What secrets, addresses and URLs are written with."""
_WORD = re.compile(r"[\w.+%@/=:~$&?#!*-]+", re.ASCII)
_HASH = re.compile(r"[0-9a-f]+")


class Rows:
    """Collects the spans and scores of one file as columns."""

    def __init__(self, file: File, *, where: Literal["otlp", "table"] = "otlp", batch: int = BATCH) -> None:
        """``where`` picks the older names that are looked for: those of traces, or those of plain tables too."""
        self.file = file
        self.where: Literal["otlp", "table"] = where
        self.batch = batch
        self._spans: list[tuple[Any, ...]] = []
        self._scores: list[tuple[Any, ...]] = []
        self._logs: list[tuple[Any, ...]] = []
        self._size = 0

    def span(
        self,
        *,
        trace_id: object,
        span_id: object,
        start: object,
        parent_id: object = None,
        name: object = None,
        end: object = None,
        duration_ms: float | None = None,
        status: object = None,
        attributes: Mapping[str, object],
        line: int | None = None,
    ) -> None:
        """Add one span.

        Ids are the export's own (hex, base64 and UUID are told apart later; an empty parent is a root). ``start`` and
        ``end`` are ISO 8601 (no zone means UTC) or a count since 1970 in s, ms, µs or ns; an absent ``end`` means that
        the end is not known. ``status`` is any word for ok or error. ``attributes`` should use the OpenTelemetry GenAI
        names where there is one, and the vendor's own names for all the rest; ``None`` is left out, lists and objects
        become JSON text.
        """
        names, said = self._pairs(attributes)
        ids = (text(trace_id), text(span_id), text(parent_id), text(name))
        self._spans.append((line, *ids, text(start), text(end), duration_ms, text(status), names, said))

    def score(
        self,
        *,
        name: object,
        value: object,
        label: object = None,
        trace_id: object = None,
        span_id: object = None,
        response_id: object = None,
        evaluator: object = None,
        at: object = None,
        attributes: Mapping[str, object] | None = None,
        line: int | None = None,
    ) -> None:
        """Add one score; ``value`` is a number, a boolean or a word of praise or blame, and ``label`` serves without it."""
        names, said = self._pairs(attributes or {})
        ids = (text(trace_id), text(span_id), text(response_id), text(name))
        self._scores.append((line, *ids, text(value), text(label), text(evaluator), text(at), names, said))

    def log(
        self,
        *,
        trace_id: object,
        span_id: object,
        at: object,
        attributes: Mapping[str, object],
        line: int | None = None,
    ) -> None:
        """Add what a log record tells of a call: its question, its answer, or why it ended, as attributes of a span would."""
        names, said = self._pairs(attributes)
        self._logs.append((line, text(trace_id), text(span_id), text(at), names, said))

    def _pairs(self, attributes: Mapping[str, object]) -> tuple[list[str], list[str | None]]:
        kept = {clean(key): text(value) for key, value in attributes.items() if value is not None}
        self._size += sum(len(value) for value in kept.values() if value is not None)
        return list(kept), list(kept.values())

    def taken(self, *, rest: bool = False) -> Iterator[Scan]:
        """Scans of what was collected, once it is a batch; with ``rest`` whatever is there."""
        large = self._size > LARGE
        if large or rest:
            self._size = 0
        waiting: tuple[tuple[list[tuple[Any, ...]], pa.Schema, Table], ...] = (
            (self._spans, SPAN, "spans"),
            (self._scores, SCORE, "scores"),
            (self._logs, LOG, "logs"),
        )
        for rows, schema, table in waiting:
            if not rows or not (rest or large or len(rows) >= self.batch):
                continue
            columns = pa.table(dict(zip(schema.names, map(list, zip(*rows, strict=True)), strict=True)), schema=schema)
            rows.clear()
            yield from self.scans(columns, table)

    def scans(self, columns: pa.Table, table: Table) -> Iterator[Scan]:
        """What the store is to do with columns that a source filled by itself, after ``SPAN`` or ``SCORE``."""
        yield Scan(
            name=f"sources/rows_{table}",
            columns=columns,
            parameters=older(self.where) if table == "spans" else {},
            rows_into=table,
            faults=f"sources/rows_{table[:-1]}_faults",
        )


def text(value: object) -> str | None:
    """A value as the case file holds it: text as it is, numbers and booleans as JSON writes them, the rest as JSON."""
    if value is None or isinstance(value, str):
        return clean(value) if value is not None else None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    return clean(json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str))


def clean(value: str) -> str:
    """Text without the halves of surrogate pairs, which no UTF-8 can hold."""
    return value if value.isascii() or value.isprintable() else value.encode("utf-8", "replace").decode()


def cut(value: str, most: int) -> str:
    """The beginning of a text; what is cut is redacted afterwards, and half a secret or address would not be recognised.

    So a word that would be cut is left out, unless it is a hash.
    """
    if len(value) <= most or value[most] not in _IN_A_WORD:
        return value[:most]
    start = len(value[:most].rstrip(_IN_A_WORD))
    word = _WORD.match(value, start)
    if word and _HASH.fullmatch(word.group()):
        return value[:most]
    return value[:start] or "…"
