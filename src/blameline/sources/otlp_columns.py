"""Decoded OTLP requests in, Arrow columns of their spans out; nothing is made a record on the way.

The message classes are those of ``opentelemetry-proto`` with every text declared as bytes: that is quicker, and a text
that is no UTF-8 then costs itself and not the whole request. They are loaded when the first request is read.
"""

from __future__ import annotations

import json
from base64 import b64encode
from bisect import bisect_right
from functools import cache, lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from blameline.records import Problem
from blameline.sources.rows import SPAN

if TYPE_CHECKING:
    from collections.abc import Iterable

_PACKAGE = "opentelemetry.proto"
_FILES = (
    "common.v1.common", "resource.v1.resource", "trace.v1.trace", "logs.v1.logs",
    "collector.trace.v1.trace_service", "collector.logs.v1.logs_service",
)  # fmt: skip
_KINDS = (None, b"internal", b"server", b"client", b"producer", b"consumer")
_STATUSES = (None, b"ok", b"error")
_SCOPE = (b"otel.scope.name", b"otel.scope.version")
_CHUNK = 2048
"""Rows of a batch that DuckDB may read at a time, so that it can use every core."""


class Classes(NamedTuple):
    """What decodes requests, and what is raised where that fails."""

    traces: Any
    logs: Any
    value: Any
    undecodable: type[Exception]


@cache
def classes() -> Classes:
    """The message classes of OTLP, with bytes for texts."""
    pool_of, descriptor = (
        import_module("google.protobuf.descriptor_pool"),
        import_module("google.protobuf.descriptor_pb2"),
    )
    pool = pool_of.DescriptorPool()
    for name in _FILES:
        declared = import_module(f"{_PACKAGE}.{name}_pb2").DESCRIPTOR.serialized_pb
        file = descriptor.FileDescriptorProto.FromString(declared)
        for message in file.message_type:
            _texts_as_bytes(message, descriptor.FieldDescriptorProto)
        pool.Add(file)
    made = import_module("google.protobuf.message_factory").GetMessageClass
    traces, logs = (
        made(pool.FindMessageTypeByName(f"{_PACKAGE}.collector.{kind.lower()}.v1.Export{kind}ServiceRequest"))
        for kind in ("Trace", "Logs")
    )
    value = made(pool.FindMessageTypeByName(f"{_PACKAGE}.common.v1.AnyValue"))
    return Classes(traces, logs, value, import_module("google.protobuf.message").DecodeError)


def _texts_as_bytes(message: Any, kinds: Any) -> None:  # noqa: ANN401  generated classes have no types
    for field in message.field:
        if field.type == kinds.TYPE_STRING:
            field.type = kinds.TYPE_BYTES
    for inner in message.nested_type:
        _texts_as_bytes(inner, kinds)


def said(value: Any, key: bytes = b"") -> bytes | None:  # noqa: ANN401  a generated class
    """A value of any kind as the case file holds it; nothing for one that is not set."""
    kind = value.WhichOneof("value")
    if kind in {"string_value", "bytes_value"}:
        return value.string_value if kind == "string_value" else b64encode(value.bytes_value)
    if kind == "int_value":
        return b"%d" % value.int_value
    if kind == "bool_value":
        return b"true" if value.bool_value else b"false"
    if kind == "double_value":
        number = value.double_value
        return b"%d" % number if b"token" in key and number.is_integer() else repr(number).encode()
    if kind in {"array_value", "kvlist_value"}:
        return _listed(value.SerializeToString())
    return None


@lru_cache(maxsize=4096)
def _listed(written: bytes) -> bytes:
    """A list or an object as JSON, by how it is written: most, as the reasons of an end, come again and again."""
    return _json(_plain(classes().value.FromString(written)))


def _plain(value: Any) -> Any:  # noqa: ANN401  a generated class, and JSON of any shape
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_plain(part) for part in value.array_value.values]
    if kind == "kvlist_value":
        return {_text(pair.key): _plain(pair.value) for pair in value.kvlist_value.values}
    if kind == "string_value":
        return _text(value.string_value)
    if kind == "bytes_value":
        return b64encode(value.bytes_value).decode()
    return getattr(value, kind) if kind else None


def _text(value: bytes) -> str:
    return value.decode(errors="replace")


def pairs(carriers: Iterable[Any]) -> dict[str, str]:
    """The attributes of a record and of what holds it, as text; the first of each name counts."""
    found: dict[str, str] = {}
    for carrier in carriers:
        for pair in carrier.attributes:
            value = said(pair.value, pair.key)
            if value is not None:
                found.setdefault(_text(pair.key), _text(value))
    return found


class SpanColumns:
    """Collects spans as columns after ``rows.SPAN``."""

    def __init__(self, source: str) -> None:
        """``source`` is the file, for problems."""
        self.source = source
        self._clear()

    def __len__(self) -> int:
        """Spans that wait."""
        return len(self._began)

    def _clear(self) -> None:
        self._lines: list[int] = []
        self._ids: tuple[list[str], list[str], list[str]] = ([], [], [])
        self._titles: list[bytes] = []
        self._began: list[int] = []
        self._ended: list[int] = []
        self._statuses: list[bytes | None] = []
        self._names: list[bytes] = []
        self._said: list[bytes] = []
        self._ends: list[int] = [0]

    def add(self, request: Any, line: int) -> None:  # noqa: ANN401  a generated class
        """Add every span of a request; the attributes of a resource and scope are read once for all their spans."""
        for resource in request.resource_spans:
            of_resource = _encoded([resource.resource])
            for scope in resource.scope_spans:
                names, values = _encoded([scope.scope])
                told = [pair for pair in zip(_SCOPE, (scope.scope.name, scope.scope.version), strict=True) if pair[1]]
                names += of_resource[0] + [name for name, _ in told]
                values += of_resource[1] + [text for _, text in told]
                self._spans(scope.spans, line, names, values)

    def _spans(self, spans: Any, line: int, outer_names: list[bytes], outer_said: list[bytes]) -> None:  # noqa: ANN401
        names, values, ends = self._names, self._said, self._ends
        traces, ids, parents = self._ids
        for span in spans:
            traces.append(span.trace_id.hex())
            ids.append(span.span_id.hex())
            parents.append(span.parent_span_id.hex())
            self._titles.append(span.name)
            self._began.append(span.start_time_unix_nano)
            self._ended.append(span.end_time_unix_nano)
            for pair in span.attributes:
                value = pair.value
                text = value.string_value  # texts and numbers are nearly all there is: the shortest way for both
                if not text:
                    number = value.int_value
                    text = b"%d" % number if number else said(value, pair.key)
                if text is not None:
                    names.append(pair.key)
                    values.append(text)
            for name, text in _beside(span):
                names.append(name)
                values.append(text)
            status = span.status.code
            self._statuses.append(_STATUSES[status] if 0 <= status < len(_STATUSES) else None)
            names += outer_names
            values += outer_said
            ends.append(len(names))
        self._lines += [line] * (len(self._began) - len(self._lines))

    def taken(self) -> tuple[pa.Table, list[Problem]]:
        """The columns of what was collected, and a ``Problem`` for each message that holds a text that is no UTF-8."""
        broken: set[int] = set()
        ends = pa.array(self._ends, pa.int32())
        names, values = (self._texts(part, broken, self._ends) for part in (self._names, self._said))
        each = list(range(1, len(self) + 1))
        columns = {
            "line": self._lines,
            **dict(zip(("trace_id", "span_id", "parent_id"), map(_known, self._ids), strict=True)),
            "name": self._texts(self._titles, broken, [0, *each]),
            "began": pa.array(self._began, pa.uint64()).cast(pa.string()),
            "ended": pa.array([end or None for end in self._ended], pa.uint64()).cast(pa.string()),
            "duration_ms": pa.nulls(len(self), pa.float64()),
            "status": pa.array(self._statuses, pa.string()),
            "names": pa.ListArray.from_arrays(ends, names),
            "said": pa.ListArray.from_arrays(ends, values),
        }
        lines = sorted({self._lines[row] for row in broken})
        self._clear()
        table = pa.table(columns, schema=SPAN)
        message = "a text in it is not UTF-8; what is broken was replaced"
        return pa.Table.from_batches(table.to_batches(max_chunksize=_CHUNK), SPAN), [
            Problem(source=self.source, line=line, message=f"message {line}: {message}") for line in lines
        ]

    @staticmethod
    def _texts(found: list[bytes], broken: set[int], ends: list[int]) -> pa.Array:
        """Bytes as text; the rows in which something is no UTF-8 are added to ``broken``."""
        try:
            return pa.array(found, pa.string())
        except pa.ArrowInvalid:
            mended = [_text(part) for part in found]
            broken |= {
                bisect_right(ends, place) - 1
                for place, (part, text) in enumerate(zip(found, mended, strict=True))
                if text.encode() != part
            }
            return pa.array(mended, pa.string())


def _encoded(carriers: Iterable[Any]) -> tuple[list[bytes], list[bytes]]:
    kept = [
        (pair.key, text) for c in carriers for pair in c.attributes if (text := said(pair.value, pair.key)) is not None
    ]
    return [key for key, _ in kept], [text for _, text in kept]


def _beside(span: Any) -> list[tuple[bytes, bytes]]:  # noqa: ANN401  a generated class
    """What a span says outside its attributes."""
    found: list[tuple[bytes, bytes]] = []
    kind, status, events, links = span.kind, span.status, span.events, span.links
    if 0 < kind < len(_KINDS) and (word := _KINDS[kind]):
        found.append((b"otel.span.kind", word))
    if status.message:
        found.append((b"otel.status_description", status.message))
    if state := span.trace_state:
        found.append((b"otel.trace_state", state))
    if dropped := span.dropped_attributes_count:
        found.append((b"otel.dropped_attributes_count", b"%d" % dropped))
    if dropped := span.dropped_events_count:
        found.append((b"otel.dropped_events_count", b"%d" % dropped))
    if dropped := span.dropped_links_count:
        found.append((b"otel.dropped_links_count", b"%d" % dropped))
    if events:
        found.append((b"otel.events", _json([_event(event) for event in events])))
    if links:
        found.append((b"otel.links", _json([_link(link) for link in links])))
    return found


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _event(event: Any) -> dict[str, Any]:  # noqa: ANN401  a generated class
    """An event as OTLP/JSON has it."""
    found = {
        "timeUnixNano": str(event.time_unix_nano),
        "name": _text(event.name),
        "attributes": _keyed(event.attributes),
    }
    return {
        **found,
        **({"droppedAttributesCount": event.dropped_attributes_count} if event.dropped_attributes_count else {}),
    }


def _link(link: Any) -> dict[str, Any]:  # noqa: ANN401  a generated class
    """A link as OTLP/JSON has it."""
    found = {"traceId": link.trace_id.hex(), "spanId": link.span_id.hex(), "attributes": _keyed(link.attributes)}
    return {key: part for key, part in found.items() if part}


def _keyed(found: Iterable[Any]) -> list[dict[str, Any]]:
    return [{"key": _text(pair.key), "value": _wrapped(pair.value)} for pair in found]


def _wrapped(value: Any) -> dict[str, Any]:  # noqa: ANN401  a generated class
    """A value as OTLP/JSON has it."""
    kind = value.WhichOneof("value")
    match kind:
        case "array_value":
            return {"arrayValue": {"values": [_wrapped(part) for part in value.array_value.values]}}
        case "kvlist_value":
            return {"kvlistValue": {"values": _keyed(value.kvlist_value.values)}}
        case "int_value":
            return {"intValue": str(value.int_value)}
        case None:
            return {}
    return {f"{kind.removesuffix('_value')}Value": _plain(value)}


def _known(ids: list[str]) -> list[str]:
    """Ids, without those that are all zeros, which stand for none."""
    return ["" if not one.strip("0") else one for one in ids]
