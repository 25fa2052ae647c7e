"""Files of records: JSON lines, a JSON list, CSV, YAML or Parquet in; each record with its line, or a ``Problem``, out.

OTLP and plain tables never come this way; DuckDB reads them. Only YAML, which people write, is held as a whole.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

import yaml

from blameline.records import Problem
from blameline.sources.documents import documents
from blameline.sources.heads import distinct
from blameline.sources.line_by_line import decoded
from blameline.sources.parquet import rows
from blameline.sources.plainyaml import Refused, compose, line_of, plain

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from blameline.sources.heads import File

_LONGEST_FIELD = 1 << 24
"""Characters of one CSV field: a whole conversation, but not the rest of a file whose quote was never closed."""
_LARGEST_YAML = 1 << 25
_FIELD_LIMIT = Lock()


@dataclass(frozen=True)
class Found:
    """One record of a file, and where it starts."""

    line: int | None
    record: dict[str, Any]


def records(file: File, key: str | tuple[str, ...] = (), *, unless: Collection[str] = ()) -> Iterator[Found | Problem]:
    """Each record of a file.

    ``key`` names the lists to take where a document is an object that stands around them, as a page of an API is; an
    object with none of these lists, or with one of the names in ``unless``, is a record.
    """
    keys = (key,) if isinstance(key, str) else key
    if file.head.shape == "parquet":
        for row in rows(file.path):
            if row.fault:
                yield Problem(source=file.source, line=row.number, message=row.fault)
            else:
                yield Found(row.number, row.values)
    elif file.head.shape in {"json", "jsonl"}:
        for part in documents(file, keys, unless=unless):
            if isinstance(part, Problem):
                yield part
            elif isinstance(part.value, dict):
                yield Found(part.line, part.value)
            else:
                said = "not a record: a JSON object is expected"
                yield Problem(source=file.source, line=part.line, message=said)
    elif file.head.shape == "csv":
        yield from _csv(file)
    else:
        yield from _yaml(file, keys)


def _csv(file: File) -> Iterator[Found | Problem]:
    """Each row with the line that it begins on; fields that are empty are left out."""
    waiting: list[Problem] = []
    reader = csv.reader(_texts(file, waiting), delimiter=file.head.delimiter)
    names: tuple[str, ...] = ()
    while True:
        line = reader.line_num + 1
        try:
            row = _next_row(reader)
        except csv.Error as error:
            yield Problem(source=file.source, line=line, message=f"not CSV: {error}")
            continue
        yield from waiting
        waiting.clear()
        if row is None:
            return
        if not any(value.strip() for value in row) and len(row) < 2:
            continue
        if not names:
            names = distinct(row)
        elif len(row) != len(names):
            more = "more" if len(row) > len(names) else "fewer"
            yield Problem(source=file.source, line=line, message=f"{more} fields than the header names")
        else:
            yield Found(line, {name: said for name, value in zip(names, row, strict=True) if (said := value.strip())})


def _next_row(reader: Iterator[list[str]]) -> list[str] | None:
    """The next row. The limit to the length of a field is one for all of Python: it is put back at once."""
    with _FIELD_LIMIT:
        before = csv.field_size_limit(_LONGEST_FIELD)
        try:
            return next(reader, None)
        finally:
            csv.field_size_limit(before)


def _texts(file: File, waiting: list[Problem]) -> Iterator[str]:
    """The lines as text, also where a bare carriage return ends them; what is wrong with them is left in ``waiting``."""
    for part in decoded(file):
        if isinstance(part, Problem):
            waiting.append(part)
        else:
            yield from io.StringIO(part[1], newline="")


def _yaml(file: File, keys: tuple[str, ...]) -> Iterator[Found | Problem]:
    parts: list[str] = []
    size = 0
    for part in decoded(file):
        if isinstance(part, Problem):
            yield part
            continue
        parts.append(part[1])
        size += len(part[1])
        if size > _LARGEST_YAML:
            said = f"not read: YAML of more than {_LARGEST_YAML >> 20} MB; write it as JSON lines"
            yield Problem(source=file.source, message=said)
            return
    try:
        node = compose("".join(parts))
    except Refused as refused:
        yield Problem(source=file.source, line=refused.line, message=f"refused: {refused.message}")
        return
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        said = getattr(error, "problem", None) or "cannot be parsed"
        yield Problem(source=file.source, line=mark.line + 1 if mark else None, message=f"not YAML: {said}")
        return
    if isinstance(node, yaml.MappingNode):
        lists = [value for name, value in node.value if isinstance(value, yaml.SequenceNode) and plain(name) in keys]
        if not lists:
            yield Found(1, plain(node))
    else:
        lists = [node] if isinstance(node, yaml.SequenceNode) else []
    for one in (one for inner in lists for one in inner.value):
        if isinstance(one, yaml.MappingNode):
            yield Found(line_of(one), plain(one))
        else:
            yield Problem(source=file.source, line=line_of(one), message="not a record: a mapping is expected")
