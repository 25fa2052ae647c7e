"""The message classes of OTLP, and what their values are as text and as OTLP/JSON.

The classes are those of ``opentelemetry-proto`` with every text declared as bytes: that is quicker, and a text that is no
UTF-8 then costs itself and not the whole request. Spans and attributes stay as they are written: they are read many at a
time (``otlp_columns``), and here only those that are unusual. The classes are loaded when the first request is read.
"""

from __future__ import annotations

import json
from base64 import b64encode
from functools import cache, lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from blameline.sources.otlp_events import told as told_by

if TYPE_CHECKING:
    from collections.abc import Iterable

_PACKAGE = "opentelemetry.proto"
_FILES = (
    "common.v1.common", "resource.v1.resource", "trace.v1.trace", "logs.v1.logs",
    "collector.trace.v1.trace_service", "collector.logs.v1.logs_service",
)  # fmt: skip
_SHORT = 200
_LEFT = {"Span": "attributes", "Resource": "attributes", "InstrumentationScope": "attributes", "ScopeSpans": "spans"}
"""The fields that stay as they are written."""
KIND, KINDS = b"otel.span.kind", (None, b"internal", b"server", b"client", b"producer", b"consumer")


class Classes(NamedTuple):
    """What decodes requests, and what is raised where that fails."""

    traces: Any
    logs: Any
    span: Any
    pair: Any
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
            _as_bytes(message, descriptor.FieldDescriptorProto, left=_LEFT.get(message.name))
        pool.Add(file)
    made = import_module("google.protobuf.message_factory").GetMessageClass
    traces, logs = (
        made(pool.FindMessageTypeByName(f"{_PACKAGE}.collector.{kind.lower()}.v1.Export{kind}ServiceRequest"))
        for kind in ("Trace", "Logs")
    )
    span, pair = (
        made(pool.FindMessageTypeByName(f"{_PACKAGE}.{kind}")) for kind in ("trace.v1.Span", "common.v1.KeyValue")
    )
    return Classes(traces, logs, span, pair, import_module("google.protobuf.message").DecodeError)


def _as_bytes(message: Any, kinds: Any, *, left: str | None = None) -> None:  # noqa: ANN401  generated classes have no types
    for field in message.field:
        if field.type == kinds.TYPE_STRING or field.name == left:
            field.type = kinds.TYPE_BYTES
            field.ClearField("type_name")
    for inner in message.nested_type:
        _as_bytes(inner, kinds)


def told(one: bytes) -> tuple[bytes, bytes] | None:
    """The name and text of an attribute; nothing for one without a value. Raises what ``classes().undecodable`` names."""
    return _short(one) if len(one) < _SHORT else _decoded(one)


def _decoded(one: bytes) -> tuple[bytes, bytes] | None:
    pair = classes().pair.FromString(one)
    text = _said(pair.value, pair.key)
    return None if text is None else (pair.key, text)


_short = lru_cache(maxsize=4096)(_decoded)
"""Short ones, as the reasons of an end, come again and again."""


def written(key: bytes, text: bytes) -> bytes:
    """An attribute that is a text, as it is written."""
    pair: bytes = classes().pair(key=key, value={"string_value": text}).SerializeToString()
    return pair


def _said(value: Any, key: bytes) -> bytes | None:  # noqa: ANN401  a generated class
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
    return _json(_plain(value)) if kind in {"array_value", "kvlist_value"} else None


def _plain(value: Any) -> Any:  # noqa: ANN401  a generated class, and JSON of any shape
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_plain(part) for part in value.array_value.values]
    if kind == "kvlist_value":
        return {text_of(pair.key): _plain(pair.value) for pair in value.kvlist_value.values}
    if kind == "string_value":
        return text_of(value.string_value)
    if kind == "bytes_value":
        return b64encode(value.bytes_value).decode()
    return getattr(value, kind) if kind else None


def text_of(value: bytes) -> str:
    """A text, with what is no UTF-8 in it replaced."""
    return value.decode(errors="replace")


def pairs(carriers: Iterable[Any]) -> dict[str, str]:
    """The attributes of a record and of what holds it, as text; the first of each name counts."""
    found: dict[str, str] = {}
    for carrier in carriers:
        for one in carrier.attributes:
            if pair := told(one if isinstance(one, bytes) else one.SerializeToString()):
                found.setdefault(text_of(pair[0]), text_of(pair[1]))
    return found


def beside(span: Any) -> list[bytes]:  # noqa: ANN401  a generated class
    """What a span says outside its attributes, written as attributes."""
    found: list[bytes] = []
    kind, status, events, links = span.kind, span.status, span.events, span.links
    if 0 < kind < len(KINDS) and (word := KINDS[kind]):
        found.append(written(KIND, word))
    if status.message:
        found.append(written(b"otel.status_description", status.message))
    if state := span.trace_state:
        found.append(written(b"otel.trace_state", state))
    if dropped := span.dropped_attributes_count:
        found.append(written(b"otel.dropped_attributes_count", b"%d" % dropped))
    if dropped := span.dropped_events_count:
        found.append(written(b"otel.dropped_events_count", b"%d" % dropped))
    if dropped := span.dropped_links_count:
        found.append(written(b"otel.dropped_links_count", b"%d" % dropped))
    if events:
        listed = [_event(event) for event in events]
        found.append(written(b"otel.events", _json(listed)))
        found += [written(key.encode(), text.encode()) for key, text in told_by(listed).items()]
    if links:
        found.append(written(b"otel.links", _json([_link(link) for link in links])))
    return found


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _event(event: Any) -> dict[str, Any]:  # noqa: ANN401  a generated class
    """An event as OTLP/JSON has it."""
    found = {
        "timeUnixNano": str(event.time_unix_nano),
        "name": text_of(event.name),
        "attributes": _keyed(event.attributes),
    }
    return {
        **found,
        **({"droppedAttributesCount": event.dropped_attributes_count} if event.dropped_attributes_count else {}),
    }


def log_record(record: Any) -> dict[str, Any]:  # noqa: ANN401  a generated class
    """A log record as OTLP/JSON has it."""
    return {
        "timeUnixNano": str(record.time_unix_nano),
        "observedTimeUnixNano": str(record.observed_time_unix_nano),
        "eventName": text_of(record.event_name),
        "traceId": record.trace_id.hex(),
        "spanId": record.span_id.hex(),
        "attributes": _keyed(record.attributes),
        "body": _wrapped(record.body),
    }


def _link(link: Any) -> dict[str, Any]:  # noqa: ANN401  a generated class
    """A link as OTLP/JSON has it."""
    found = {"traceId": link.trace_id.hex(), "spanId": link.span_id.hex(), "attributes": _keyed(link.attributes)}
    return {key: part for key, part in found.items() if part}


def _keyed(found: Iterable[Any]) -> list[dict[str, Any]]:
    return [{"key": text_of(pair.key), "value": _wrapped(pair.value)} for pair in found]


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
