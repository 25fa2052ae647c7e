"""Files of records: JSON lines, a JSON list, CSV, YAML or Parquet in; each record with its line, or a ``Problem``, out.

OTLP and plain tables never come this way; DuckDB reads them. Only YAML, which people write, is held as a whole.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from blameline.records import Problem
from blameline.sources import csv_text
from blameline.sources.documents import documents
from blameline.sources.heads import distinct
from blameline.sources.line_by_line import decoded
from blameline.sources.parquet import rows
from blameline.sources.plainyaml import Refused, compose, line_of, plain
from blameline.sources.wording import unknown_key

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from blameline.sources.heads import File

_LARGEST_YAML = 1 << 25


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
    for part in csv_rows(file):
        if isinstance(part, Problem):
            yield part
        else:
            record = {name: said for name, value in part.record.items() if (said := value.strip())}
            yield Found(part.line, record)


def csv_rows(file: File) -> Iterator[Found | Problem]:
    """Each row of a CSV file with the line that it begins on, and with all its fields as they were written."""
    waiting: list[Problem] = []
    names: tuple[str, ...] = ()
    for row in csv_text.rows(_texts(file, waiting), file.head.delimiter):
        yield from waiting
        waiting.clear()
        if row.fault:
            yield Problem(source=file.source, line=row.line, message=row.fault)
        elif not names:
            names = distinct(row.values)
        else:
            yield Found(row.line, dict(zip(names, row.values, strict=True)))
    yield from waiting


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


def known_records(file: File, key: str, known: Collection[str]) -> Iterator[Found | Problem]:
    """The same, and a ``Problem`` for the first of each key that is not ``known``; the record comes all the same."""
    told: set[str] = set()
    for part in records(file, key):
        if isinstance(part, Found):
            for name in sorted(part.record.keys() - known - told):
                told.add(name)
                yield Problem(source=file.source, line=part.line, message=unknown_key(name, known))
        yield part
