"""OTLP/JSON in whatever spelling: keys, values and ids in; those of the specification out."""

from __future__ import annotations

import json
import math
import re
from base64 import b64decode
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_NAMES = {
    name.lower(): name
    for name in (
        "resourceSpans", "scopeSpans", "spans", "resourceLogs", "scopeLogs", "logRecords", "resourceMetrics", "scope", "resource",
        "schemaUrl", "name", "version", "traceId", "spanId", "parentSpanId", "traceState", "flags", "kind",
        "startTimeUnixNano", "endTimeUnixNano", "timeUnixNano", "observedTimeUnixNano", "eventName", "severityNumber",
        "severityText", "body", "status", "code", "message", "events", "links", "attributes", "key", "value", "values",
        "stringValue", "boolValue", "intValue", "doubleValue", "arrayValue", "kvlistValue", "bytesValue",
        "droppedAttributesCount", "droppedEventsCount", "droppedLinksCount",
    )
} | {
    "instrumentationlibraryspans": "scopeSpans", "instrumentationlibrarylogs": "scopeLogs",
    "instrumentationlibrary": "scope", "logs": "logRecords",
}  # fmt: skip
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{11}=|[A-Za-z0-9+/_-]{22}==")


@cache
def _name(key: str) -> str:
    return _NAMES.get(key.replace("_", "").lower(), key)


def named(value: dict[str, Any]) -> dict[str, Any]:
    """The same object with the keys of the specification."""
    return {_name(key) if len(key) < 40 else key: part for key, part in value.items()}


def value_of(value: Any, *, counts: bool = False) -> dict[str, Any] | None:  # noqa: ANN401  JSON of any shape
    """A value as the specification writes it; nothing for one that is not set."""
    if isinstance(value, dict):
        given = {_name(key): part for key, part in value.items()}
        if not given:
            return None
        if given.keys() == {"value"}:
            return value_of(given["value"], counts=counts)
        for kind, write in _WRITERS.items():
            if kind in given:
                return write(given[kind], counts=counts)
        return {"stringValue": json.dumps(value, ensure_ascii=False)}
    if value is None:
        return None
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, (int, float)):
        return _double(value, counts=counts) if isinstance(value, float) else {"intValue": str(value)}
    return {"stringValue": value} if isinstance(value, str) else _array(value, counts=counts)


def _string(value: Any, *, counts: bool) -> dict[str, Any] | None:  # noqa: ANN401, ARG001
    return {"stringValue": value if isinstance(value, str) else json.dumps(value)} if value is not None else None


def _bool(value: Any, *, counts: bool) -> dict[str, Any]:  # noqa: ANN401, ARG001
    return {"boolValue": value if isinstance(value, bool) else str(value).lower() == "true"}


def _int(value: Any, *, counts: bool) -> dict[str, Any]:  # noqa: ANN401, ARG001
    whole = isinstance(value, float) and value.is_integer()
    return {"intValue": str(int(value)) if whole else str(value)}


def _double(value: Any, *, counts: bool) -> dict[str, Any]:  # noqa: ANN401
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return {"stringValue": str(value)}
    if counts and number.is_integer():
        return {"intValue": str(int(number))}
    return {"doubleValue": number if math.isfinite(number) else str(number)}


def _array(value: Any, *, counts: bool) -> dict[str, Any]:  # noqa: ANN401, ARG001
    given = named(value).get("values") if isinstance(value, dict) else value
    parts = given if isinstance(given, list) else []
    return {"arrayValue": {"values": [value_of(part) or {} for part in parts]}}


def _keyed(value: Any, *, counts: bool) -> dict[str, Any]:  # noqa: ANN401, ARG001
    given = named(value).get("values") if isinstance(value, dict) else value
    pairs = [named(part) for part in (given if isinstance(given, list) else []) if isinstance(part, dict)]
    return {
        "kvlistValue": {"values": [{"key": str(p.get("key")), "value": value_of(p.get("value")) or {}} for p in pairs]}
    }


_WRITERS: dict[str, Callable[..., dict[str, Any] | None]] = {
    "stringValue": _string, "boolValue": _bool, "intValue": _int, "doubleValue": _double, "arrayValue": _array,
    "kvlistValue": _keyed, "bytesValue": _string,
}  # fmt: skip


def id_of(value: object) -> str:
    """An id in hex, also from base64 or with ``0x`` before it; nothing where there is none or it is all zeros."""
    said = value.strip() if isinstance(value, str) else ""
    if _BASE64.fullmatch(said):
        said = b64decode(said.replace("-", "+").replace("_", "/")).hex()
    said = said.lower().removeprefix("0x")
    return said if said.strip("0") else ""


def count_of(value: object) -> int:
    """A count of nanoseconds; 0 for what is none."""
    try:
        return int(value) if isinstance(value, (int, float)) else int(str(value))
    except (ValueError, OverflowError):
        return 0
