"""The first bytes of a file: what every source looks at before it says that a file is its own.

A path comes in; a ``Head`` (decompressed start, compression, shape) goes out. Never the name alone: exports are
renamed, rotated and compressed by other people.
"""

from __future__ import annotations

import io
import json
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import yaml

from blameline.sources import csv_text
from blameline.sources.otlp_wire import begins
from blameline.sources.plainyaml import Refused, compose, plain
from blameline.sources.unpacked import DAMAGE, Compression, compression, pieces

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

Shape = Literal["folder", "empty", "parquet", "duckdb", "protobuf", "binary", "jsonl", "json", "yaml", "csv", "text"]

HEAD_BYTES = 1 << 16
LONGEST_FIRST = 1 << 22
"""So far a file is read for its first record."""
_JSON_START = re.compile(rb'\s*[\[{]\s*["\[{]')
_HEADER = re.compile(r'^("?[\w.$@#/ -]+"?|(?=[,;\t]"?\w))([,;\t]"?[\w.$@#/ -]*"?)+$')
_YAML_START = re.compile(r"(#[^\n]*\n|---\n|\s)*(- \{?\w+:|- &|\w+:(\s|$))")
_YAML_KEY = re.compile(r"(?:^|[-{,\n])\s*(\w+):(?=\s)")
_DELIMITERS = ",;\t"


@dataclass(frozen=True)
class Head:
    """The start of a file, or of what a compressed file holds."""

    data: bytes
    size: int
    compression: Compression = "none"
    folder: bool = False
    most: int = HEAD_BYTES
    """So many bytes were asked for."""

    @property
    def whole(self) -> bool:
        """True when nothing comes after ``data``."""
        return len(self.data) < self.most

    @property
    def cut(self) -> bool:
        """True when the first record does not end in ``data``."""
        return not self.whole and self.shape in {"jsonl", "json", "csv"} and not self.samples

    @cached_property
    def text(self) -> str:
        """The start as text, without a byte-order mark; what is no UTF-8 becomes a replacement character."""
        return self.data.decode("utf-8-sig", errors="replace")

    @cached_property
    def shape(self) -> Shape:
        """What kind of container it is, by its bytes."""
        data = self.data
        core = data.rstrip(b"\0")  # a machine that lost power leaves zeros behind the last line
        marks: tuple[tuple[Shape, bool], ...] = (
            ("folder", self.folder),
            ("empty", not data.strip() or not self.text.strip()),
            ("parquet", data[:4] == b"PAR1"),
            ("duckdb", data[8:12] == b"DUCK"),
            ("protobuf", begins(data)),
            ("binary", b"\0" in core and not _JSON_START.match(core) and not self._has_header),  # a zero costs its line
        )
        return next((shape for shape, true in marks if true), None) or self._text_shape()

    @property
    def _has_header(self) -> bool:
        first, end, _ = self.text.lstrip().partition("\n")
        return bool(end and _HEADER.match(first.strip()))

    def _text_shape(self) -> Shape:
        text = self.text.lstrip()
        first, _, rest = text.partition("\n")
        if text[0] == "[":
            return "json"
        if text[0] == "{":
            if _is_json(first) or not rest.strip():
                return "jsonl"
            document = _is_json(text) if self.whole else first.rstrip()[-1] in "[{,"
            return "json" if document or not rest.lstrip(" ").startswith("{") else "jsonl"
        lines = text.splitlines()
        if len(lines) > 1 and _HEADER.match(lines[0].strip()):
            return "csv"
        return "yaml" if self._yaml is not None else "text"

    @cached_property
    def _yaml(self) -> Any:  # noqa: ANN401  JSON or YAML of any shape
        text = self.text
        if not self.whole:  # cut before the item that the head ends in
            text = text[: max(text.rfind("\n- "), text.rfind("\n  - "), 0)]
        try:
            value = plain(compose(text))
        except (yaml.YAMLError, Refused):
            looks_like_it = _YAML_START.match(text)
            return [dict.fromkeys(_YAML_KEY.findall(text))] if looks_like_it else None
        return value if isinstance(value, (dict, list)) else None

    @cached_property
    def samples(self) -> tuple[Mapping[str, Any], ...]:
        """The first records, of whichever text form."""
        match self.shape:
            case "jsonl":
                found = [_loads(line) for line in self.text.splitlines()]
            case "json":
                found = self._json_samples()
            case "csv":
                lines = list(io.StringIO(self.text.lstrip(), newline=""))
                rows = csv_text.rows(lines if self.whole else lines[:-1], self.delimiter)
                found = [dict(zip(self.header, row.values, strict=False)) for row in rows if not row.fault][1:]
            case "yaml":
                found = self._yaml.get("changes", [self._yaml]) if isinstance(self._yaml, dict) else self._yaml
            case _:
                found = []
        return tuple(record for record in found or () if isinstance(record, dict))

    def _json_samples(self) -> list[Any]:
        text = self.text.strip()
        value = _loads(text) if self.whole else None
        if isinstance(value, list):
            return value
        if isinstance(value, dict):
            inner = value.get("changes", value.get("data"))
            return inner if isinstance(inner, list) else [value]
        start = text.find("{", 1 if text[0] == "[" else text.find("[") + 1)
        with suppress(ValueError, RecursionError):  # a whole first document, with others behind it
            if text[0] == "{":
                return [json.JSONDecoder().raw_decode(text)[0]]
        try:
            return [json.JSONDecoder().raw_decode(text, start)[0]] if start >= 0 else []
        except ValueError:
            return []

    @cached_property
    def paths(self) -> frozenset[str]:
        """The names that the first JSON record uses, three levels deep (``info.trace_id``), also of a text cut short.

        Lists are passed through: ``runs.id`` is in ``{"runs": [{"id": 1}]}`` as in ``[{"runs": {"id": 1}}]``.
        """
        return frozenset(_paths(self.text)) if self.shape in {"json", "jsonl"} else frozenset()

    @property
    def delimiter(self) -> str:
        """What parts the columns of a CSV file."""
        first = (self.text.lstrip().splitlines() or [""])[0]
        return max(_DELIMITERS, key=first.count)

    @cached_property
    def header(self) -> tuple[str, ...]:
        """The names in the first line of a CSV file; a name that comes twice, or is empty, gets its place beside it."""
        first = next(csv_text.rows(io.StringIO(self.text.lstrip(), newline=""), self.delimiter), None)
        return distinct(first.values if first else ())

    @property
    def columns(self) -> tuple[str, ...]:
        """The names that the first records use, in order of appearance."""
        return tuple(dict.fromkeys(str(key) for record in self.samples for key in record))


def distinct(given: Iterable[str]) -> tuple[str, ...]:
    """The names of columns; one that comes twice, or is empty, gets its place beside it."""
    names: dict[str, None] = {}
    for place, name in enumerate(given, 1):
        names[name.strip() if name.strip() and name.strip() not in names else f"{name.strip()}_{place}"] = None
    return tuple(names)


@dataclass(frozen=True)
class File:
    """A file that some source recognised."""

    path: Path
    source: str
    """The path as it is shown: below what was handed in, with ``/`` between parts."""
    head: Head
    holds: frozenset[bytes] | None = None
    """Those of its reader's ``needles`` that its bytes hold, where somebody has looked."""


def look(path: Path, most: int = HEAD_BYTES) -> Head:
    """The head of a file or folder, so many bytes long.

    Raises ``OSError`` when it cannot be opened; a damaged compressed file has the head that can be had.
    """
    if path.is_dir():
        return Head(b"", 0, folder=True)
    size = path.stat().st_size
    with path.open("rb") as file:
        raw = file.read(most)
    how = compression(raw)
    return Head(raw if how == "none" else _start(pieces(path, how), most), size, how, most=most)


def look_on(path: Path, head: Head) -> Head:
    """The same head, or where it is cut one that is long enough for the first record, if a few megabytes are."""
    while head.cut and head.most < LONGEST_FIRST:
        head = look(path, head.most * 4)
    return head


def _start(found: Iterator[bytes], most: int) -> bytes:
    start = b""
    with suppress(*DAMAGE):
        while len(start) < most and (piece := next(found, b"")):
            start += piece
    return start[:most]


_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[\[\]{}:,]')


def _paths(text: str, deepest: int = 3) -> Iterator[str]:
    """The dotted names of the first document in a text, which may end anywhere."""
    open_brackets: list[str] = []
    above: list[str] = []
    last = ""
    for found in _TOKENS.finditer(text):
        mark = found.group()
        if mark in "[{":
            open_brackets.append(mark)
            above.append("")
        elif mark in "]}":
            if open_brackets:
                open_brackets.pop()
                above.pop()
            if not open_brackets:
                return
        elif mark == ":" and open_brackets and open_brackets[-1] == "{":
            above[-1] = last[1:-1]
            path = [name for name in above if name]
            if len(path) <= deepest:
                yield ".".join(path)
        elif mark == "," and above:
            above[-1] = ""
        last = mark


def _loads(text: str) -> Any:  # noqa: ANN401  JSON or YAML of any shape
    if text.rstrip()[-1:] not in {"}", "]"}:  # cut short: most first lines of large requests are
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _is_json(text: str) -> bool:
    return isinstance(_loads(text), dict)
