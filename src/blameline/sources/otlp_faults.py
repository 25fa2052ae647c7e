"""One OTLP/JSON request in whatever spelling in; the same request as the specification writes it, and what is wrong with it, out.

Keys come in camelCase, snake_case or as Go exports them, ids in hex or base64, values bare or wrapped. What cannot be
used is left out and told; the rest of the request stays.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from blameline.sources.otlp_values import count_of, id_of, named, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator

Tell = Callable[[str], object]
_LAYERS = (("resourceSpans", "scopeSpans", "spans"), ("resourceLogs", "scopeLogs", "logRecords"))
_EARLIEST, _LATEST = 946684800 * 10**9, 4102444800 * 10**9
_EVALUATION = "gen_ai.evaluation.result"
_PASS = ("pass", "passed", "true", "yes", "correct", "good", "positive", "thumbs_up", "thumbs-up", "up")
_FAIL = ("fail", "failed", "false", "no", "incorrect", "bad", "negative", "thumbs_down", "thumbs-down", "down")
_WORDS = frozenset((*_PASS, *_FAIL))
_LARGEST_SCORE = 1e12
"""As in ``score_value.sql``."""
_CODES = {"STATUS_CODE_UNSET": 0, "STATUS_CODE_OK": 1, "STATUS_CODE_ERROR": 2, "UNSET": 0, "OK": 1, "ERROR": 2}
_KINDS = ("UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")
_LINE, _LONG_TEXT = 1 << 22, 1 << 20
_END = b"]}]}]}"


def requests(value: object, tell: Tell) -> Iterator[bytes]:
    """The lines to read in the place of one value: a request, a list of requests, or nothing that can be used.

    A large request becomes several lines of a few megabytes. ``tell`` gets each fault.
    """
    if isinstance(value, list) and value and all(isinstance(part, dict) for part in value):
        for part in value:
            yield from requests(part, tell)
        return
    if not isinstance(value, dict):
        tell("not an export request: a JSON object is expected on each line")
        return
    request = named(value)
    known = [layers for layers in _LAYERS if layers[0] in request]
    if not known and request and "resourceMetrics" not in request:
        tell("not an export request: it has neither resourceSpans, resourceLogs nor resourceMetrics")
    for layers in known:
        yield from _layered(request, layers, tell)


def _layered(request: dict[str, Any], layers: tuple[str, str, str], tell: Tell) -> Iterator[bytes]:
    outer, middle, inner = layers
    one = _span if inner == "spans" else _log_record
    for resource in map(named, _objects(request, outer, tell)):
        of_resource = _holder(resource.get("resource"), tell)
        if middle not in resource and resource.keys() - {"resource", "schemaUrl"}:
            tell(f"not an export request: an entry of {outer} has no {middle}")
        for scope in map(named, _objects(resource, middle, tell)):
            if inner not in scope and scope.keys() - {"scope", "schemaUrl"}:
                tell(f"not an export request: an entry of {middle} has no {inner}")
            empty = {"resource": of_resource, middle: [{"scope": _holder(scope.get("scope"), tell), inner: []}]}
            start = _text({outer: [empty]}).removesuffix(_END)
            waiting: list[bytes] = []
            size = 0
            for record in _objects(scope, inner, tell):
                found = one(named(record), tell)
                text = _short(found, tell) if found else b""
                if text:
                    waiting.append(text)
                    size += len(text)
                if size > _LINE:
                    yield start + b",".join(waiting) + _END + b"\n"
                    waiting, size = [], 0
            if waiting:
                yield start + b",".join(waiting) + _END + b"\n"


def _text(value: object) -> bytes:
    """JSON without the halves of surrogate pairs, which no UTF-8 can hold."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _short(record: dict[str, Any], tell: Tell) -> bytes:
    """A record as JSON; of its texts, only a megabyte each where it would be too long for one line."""
    text = _text(record)
    if len(text) <= _LINE:
        return text
    for pair in record.get("attributes", ()):
        said = pair["value"].get("stringValue", "")
        if len(said) > _LONG_TEXT:
            tell(f"the attribute '{pair['key'][:80]}' is {len(said) >> 20} MB long: only its first megabyte is kept")
            pair["value"]["stringValue"] = said[:_LONG_TEXT]
    text = _text(record)
    if len(text) <= 2 * _LINE:
        return text
    tell(f"a record of {len(text) >> 20} MB is left out: nothing so large can be read")
    return b""


def _objects(holder: dict[str, Any], key: str, tell: Tell) -> Iterator[dict[str, Any]]:
    """The objects of a list; anything else in its place is told."""
    found = holder.get(key)
    if found is not None and not isinstance(found, list):
        tell(f"not an export request: {key} is no list")
        return
    for part in found or ():
        if isinstance(part, dict):
            yield part
        else:
            tell(f"not an export request: {key} holds something that is no object")


def _holder(value: object, tell: Tell) -> dict[str, Any]:
    """A resource or scope."""
    held = named(value) if isinstance(value, dict) else {}
    return {**held, "attributes": _attributes(held, tell)}


def _attributes(holder: dict[str, Any], tell: Tell) -> list[dict[str, Any]]:
    found = holder.get("attributes")
    if isinstance(found, dict):
        found = [{"key": key, "value": value} for key, value in found.items()]
    pairs = []
    for part in found if isinstance(found, list) else ():
        pair = named(part) if isinstance(part, dict) else {}
        if not isinstance(pair.get("key"), str):
            tell("an attribute is no pair of key and value")
        elif (value := value_of(pair.get("value"), counts="token" in pair["key"])) is not None:
            pairs.append({"key": pair["key"], "value": value})
    if found is not None and not isinstance(found, list):
        tell("the attributes are no list")
    return pairs


def _span(span: dict[str, Any], tell: Tell) -> dict[str, Any] | None:
    trace_id, span_id = id_of(span.get("traceId")), id_of(span.get("spanId"))
    start = count_of(span.get("startTimeUnixNano"))
    if not trace_id or not span_id:
        tell("a span has no trace id or no span id")
        return None
    if not _EARLIEST <= start <= _LATEST:
        tell(f"the span {span_id[:32]} has no start time between 2000 and 2100")
        return None
    status = named(span["status"]) if isinstance(span.get("status"), dict) else {}
    code = status.get("code")
    return {
        **{key: part for key, part in span.items() if isinstance(part, (str, int)) and not isinstance(part, bool)},
        "traceId": trace_id,
        "spanId": span_id,
        "parentSpanId": id_of(span.get("parentSpanId")),
        "name": span["name"] if isinstance(span.get("name"), str) else "",
        "kind": _kind(span.get("kind")),
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(count_of(span.get("endTimeUnixNano"))),
        "status": {**status, "code": _CODES.get(code.upper(), code) if isinstance(code, str) else code or 0},
        "attributes": _attributes(span, tell),
        "events": [event for found in _objects(span, "events", tell) if (event := _event(named(found), tell))],
        "links": [_link(named(link), tell) for link in _objects(span, "links", tell)],
    }  # fmt: skip


def _link(link: dict[str, Any], tell: Tell) -> dict[str, Any]:
    ids = {"traceId": id_of(link.get("traceId")), "spanId": id_of(link.get("spanId"))}
    return {**link, **ids, "attributes": _attributes(link, tell)}


def _kind(value: object) -> int:
    said = str(value).upper().removeprefix("SPAN_KIND_").removeprefix("SPANKIND.")
    return _KINDS.index(said) if said in _KINDS else min(count_of(value), 5)


def _event(event: dict[str, Any], tell: Tell) -> dict[str, Any] | None:
    pairs = _attributes(event, tell)
    if event.get("name") == _EVALUATION and not _scores(_told(pairs), tell):
        return None
    return {**event, "timeUnixNano": str(count_of(event.get("timeUnixNano"))), "attributes": pairs}


def _log_record(record: dict[str, Any], tell: Tell) -> dict[str, Any] | None:
    pairs = _attributes(record, tell)
    told = _told(pairs)
    trace_id, span_id = id_of(record.get("traceId")), id_of(record.get("spanId"))
    if _EVALUATION in (record.get("eventName"), told.get("event.name")):  # either may be a list
        if not _scores(told, tell):
            return None
        if not trace_id and not span_id and "gen_ai.response.id" not in told:
            tell(f"the score '{told.get('gen_ai.evaluation.name', '?')}' names no trace, span or response")
            return None
    moments = {key: str(count_of(record.get(key))) for key in ("timeUnixNano", "observedTimeUnixNano")}
    return {**record, **moments, "traceId": trace_id, "spanId": span_id, "attributes": pairs}


def _told(pairs: list[dict[str, Any]]) -> dict[str, Any]:
    return {pair["key"]: next(iter(pair["value"].values())) for pair in reversed(pairs)}


def _scores(told: dict[str, Any], tell: Tell) -> bool:
    """True when an evaluation result can be used."""
    name = told.get("gen_ai.evaluation.name")
    if not name:
        tell("a score has no name")
    value, label = told.get("gen_ai.evaluation.score.value"), told.get("gen_ai.evaluation.score.label")
    wrong = _wrong(label if value is None else value)
    if wrong:
        tell(f"the score '{name or '?'}' {wrong}: {str(value if value is not None else label)[:40]}")
    return bool(name) and not wrong


def _wrong(value: object) -> str:
    """What is wrong with the value of a score; nothing when it can be used."""
    if isinstance(value, bool) or str(value).strip().lower() in _WORDS:
        return ""
    try:
        size = abs(float(str(value)))
    except ValueError:
        size = math.nan
    if size <= _LARGEST_SCORE:
        return ""
    return "is beyond 1e12" if math.isfinite(size) else "is not a number"
