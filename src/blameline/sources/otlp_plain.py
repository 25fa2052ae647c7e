"""OTLP/JSON in other clothes: snake_case keys or a damaged archive in, plain lines in a passing file out.

Most files need nothing of this and are read where they are.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blameline.records import Problem
from blameline.sources.lines import lines
from blameline.sources.unpacked import Compression

if TYPE_CHECKING:
    from blameline.sources.heads import File

_SNAKE = {
    snake: camel
    for camel in (
        "resourceSpans", "scopeSpans", "schemaUrl", "traceId", "spanId", "parentSpanId", "traceState",
        "startTimeUnixNano", "endTimeUnixNano", "timeUnixNano", "observedTimeUnixNano", "eventName", "severityNumber",
        "severityText",
        "resourceLogs", "scopeLogs", "logRecords", "stringValue", "boolValue", "intValue", "doubleValue", "arrayValue",
        "kvlistValue", "bytesValue", "droppedAttributesCount",
    )
    if (snake := "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in camel))
}  # fmt: skip
Ready = tuple[Path, str, Compression, Sequence[Problem]]


@contextmanager
def rewritten(file: File, *, anyway: bool) -> Iterator[Ready]:
    """Where DuckDB finds the file as plain OTLP/JSON, in which format and compression, and what got lost on the way.

    ``anyway`` rewrites a compressed file as well, so that what comes before the damage can be read.
    """
    head = file.head
    snake = any(f'"{key}"' in head.text for key in ("resource_spans", "resource_logs", "scope_spans", "scope_logs"))
    marked = head.data.startswith(b"\xef\xbb\xbf")
    framed = head.compression == "frames"
    if not snake and not marked and not framed and not (anyway and head.compression != "none"):
        yield file.path, _form(file), head.compression, ()
        return
    problems: list[Problem] = []
    with tempfile.TemporaryDirectory(prefix="blameline-") as folder:
        path = Path(folder) / "plain.jsonl"
        with path.open("wb") as out:
            if head.shape == "json":
                out.write(_document(file, problems))
            else:
                for part in lines(file):
                    if isinstance(part, Problem):
                        problems.append(part)
                    else:
                        out.write(_camel_line(part[1]) if snake else part[1])
        yield path, "newline_delimited" if snake else _form(file), "none", () if anyway else problems


def _form(file: File) -> str:
    if file.head.shape == "jsonl":
        return "newline_delimited"
    return "array" if file.head.text.lstrip().startswith("[") else "unstructured"


def _document(file: File, problems: list[Problem]) -> bytes:
    text = b""
    for part in lines(file):
        if isinstance(part, Problem):
            problems.append(part)
        else:
            text += part[1]
    return _camel_line(text)


def _camel_line(line: bytes) -> bytes:
    """One request with the keys of the specification; a line that is no JSON stays as it is."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return line
    requests = value if isinstance(value, list) else [value]
    return b"".join(json.dumps(_camel(request)).encode() + b"\n" for request in requests)


def _camel(value: Any) -> Any:  # noqa: ANN401  JSON or YAML of any shape
    if isinstance(value, dict):
        return {_SNAKE.get(key, key): _camel(part) for key, part in value.items()}
    return [_camel(part) for part in value] if isinstance(value, list) else value
