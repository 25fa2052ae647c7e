"""Files of records: JSON lines, a JSON list, CSV, YAML or Parquet in; each record with its line, or a ``Problem``, out.

OTLP and plain tables never come this way; DuckDB reads them.
"""

from __future__ import annotations

import csv
import io
import json
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from blameline.records import Problem
from blameline.sources.plainyaml import Refused, compose, line_of, plain
from blameline.sources.unpacked import DAMAGE, pieces, split

if TYPE_CHECKING:
    from collections.abc import Iterator

    from blameline.sources.heads import File

_ROWS_AT_ONCE = 10_000


@dataclass(frozen=True)
class Found:
    """One record of a file, and where it starts."""

    line: int | None
    record: dict[str, Any]


def lines(file: File) -> Iterator[tuple[int, bytes] | Problem]:
    """Each line with its number; a ``Problem`` ends a file that is damaged."""
    number = 0
    try:
        for number, line in enumerate(split(pieces(file.path, file.head.compression)), 1):
            yield number, line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
    except DAMAGE as error:
        said = str(error).strip() or type(error).__name__
        yield Problem(source=file.source, line=number + 1, message=f"the file is damaged from here on: {said}")


@contextmanager
def copied(file: File, problems: list[Problem]) -> Iterator[Path]:
    """A passing, unpacked copy of a compressed file, as far as it can be read; its damage is added to ``problems``."""
    with TemporaryDirectory(prefix="blameline-") as folder:
        path = Path(folder) / "unpacked"
        with path.open("wb") as out:
            for part in lines(file):
                if isinstance(part, Problem):
                    problems.append(part)
                else:
                    out.write(part[1])
        yield path


def records(file: File, key: str = "changes") -> Iterator[Found | Problem]:
    """Each record of a small file; ``key`` is the list to take where the file is a mapping."""
    if file.head.shape == "jsonl":
        yield from _json_lines(file)
        return
    if file.head.shape == "parquet":
        yield from _parquet(file)
        return
    text = ""
    for part in lines(file):
        if isinstance(part, Problem):
            yield part
            continue
        try:
            text += part[1].decode()
        except UnicodeDecodeError:
            text += part[1].decode(errors="replace")
            yield Problem(source=file.source, line=part[0], message="the line is not UTF-8")
    if file.head.shape == "csv":
        yield from _csv(file, text)
    elif file.head.shape == "json":
        yield from _json_document(file, text, key)
    else:
        yield from _yaml(file, text, key)


def _json_lines(file: File) -> Iterator[Found | Problem]:
    for part in lines(file):
        if isinstance(part, Problem):
            yield part
            continue
        number, line = part
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield Problem(source=file.source, line=number, message=f"not JSON: {str(error).splitlines()[0]}")
            continue
        if isinstance(value, dict):
            yield Found(number, value)
        else:
            yield Problem(
                source=file.source, line=number, message="not a record: a JSON object is expected on each line"
            )


def _json_document(file: File, text: str, key: str) -> Iterator[Found | Problem]:
    decoder = json.JSONDecoder()
    start = 0
    if text.lstrip()[:1] == "{":
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            yield Problem(source=file.source, line=getattr(error, "lineno", None), message=f"not JSON: {error}")
            return
        if not isinstance(value.get(key), list):
            yield Found(1, value)
            return
        start = text.find("[", text.find(f'"{key}"'))
    else:
        start = text.find("[")
    at = start + 1
    while True:
        while at < len(text) and text[at] in " \t\r\n,":
            at += 1
        line = text.count("\n", 0, at) + 1
        if at >= len(text):
            yield Problem(source=file.source, line=line, message="the list is not closed: the file ends early")
            return
        if text[at] == "]":
            return
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            yield Problem(
                source=file.source, line=getattr(error, "lineno", line), message=f"not JSON from here on: {error}"
            )
            return
        if isinstance(value, dict):
            yield Found(line, value)
        else:
            yield Problem(source=file.source, line=line, message="not a record: a JSON object is expected")


def _parquet(file: File) -> Iterator[Found | Problem]:
    """Each row with its number; nulls are left out, and times are ISO 8601 text."""
    number = 0
    try:
        with pq.ParquetFile(file.path) as table:
            for batch in table.iter_batches(_ROWS_AT_ONCE):
                for row in batch.to_pylist():
                    number += 1
                    yield Found(number, {key: _plain(value) for key, value in row.items() if value is not None})
    except (pa.ArrowException, OSError, ValueError) as error:
        said = str(error).strip().splitlines()[0]
        yield Problem(source=file.source, line=number + 1, message=f"the file is damaged from here on: {said}")


def _plain(value: Any) -> Any:  # noqa: ANN401  whatever a column holds
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items() if part is not None}
    return [_plain(part) for part in value] if isinstance(value, list) else value


def _csv(file: File, text: str) -> Iterator[Found | Problem]:
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=file.head.delimiter, restkey="", restval=None)
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            yield Problem(source=file.source, line=reader.line_num, message=f"not CSV: {error}")
            continue
        if row is None:
            return
        if "" in row:
            yield Problem(source=file.source, line=reader.line_num, message="more fields than the header names")
            continue
        if None in row.values():
            yield Problem(source=file.source, line=reader.line_num, message="fewer fields than the header names")
            continue
        yield Found(reader.line_num, {k.strip(): v.strip() for k, v in row.items() if v is not None and v.strip()})


def _yaml(file: File, text: str, key: str) -> Iterator[Found | Problem]:
    try:
        node = compose(text)
    except Refused as refused:
        yield Problem(source=file.source, line=refused.line, message=f"refused: {refused.message}")
        return
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        said = getattr(error, "problem", None) or "cannot be parsed"
        yield Problem(source=file.source, line=mark.line + 1 if mark else None, message=f"not YAML: {said}")
        return
    if isinstance(node, yaml.MappingNode):
        inner = next((value for name, value in node.value if plain(name) == key), None)
        if inner is None:
            yield Found(1, plain(node))
            return
        node = inner
    for part in node.value if isinstance(node, yaml.SequenceNode) else []:
        if isinstance(part, yaml.MappingNode):
            yield Found(line_of(part), plain(part))
        else:
            yield Problem(source=file.source, line=line_of(part), message="not a record: a mapping is expected")
