"""What events of spans tell: events as OTLP/JSON has them in, attributes of their span under the canonical names out.

Conventions up to 1.36 put questions, answers and finish reasons into events, and OpenFeature puts evaluations of flags there.
Newer SDKs send the same events as log records, each with the ids of its span and often in another file: those become rows
of their own, and meet their span when everything is loaded.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from blameline.records import Problem
from blameline.sources.needles import any_of
from blameline.sources.otlp_event_messages import calls, messages, opened, parts, text_of
from blameline.sources.otlp_values import count_of, value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from blameline.sources.rows import Rows

_CHOICE, _COMPLETION, _PROMPT = "gen_ai.choice", "gen_ai.content.completion", "gen_ai.content.prompt"
_DETAILS, _FLAG = "gen_ai.client.inference.operation.details", "feature_flag.evaluation"
_BODY = "gen_ai.event.content"
"""The attribute that holds what a log record has as its body."""
_SPANS, _OLD_SPANS = b'"resourceSpans"', b'"resource_spans"'
_ROLES = {f"gen_ai.{role}.message": role for role in ("system", "user", "assistant", "tool")}
NEEDLES = (
    b'.choice"',
    b'.content.prompt"',
    b'.content.completion"',
    b".client.inference.operation.details",
    b'.user.message"',
    b'.system.message"',
    b'.assistant.message"',
    b'.tool.message"',
    b'.evaluation"',
)
"""What bytes with such events hold somewhere, each kind by itself: a file may hold one record. They begin alike with what
else is looked for: one look finds all."""
_NEEDED = any_of(NEEDLES)
_TORN = "a log record, or what is around it, is no object, and was not read"
TOO_DEEP = "a log record of a question or an answer was not read: it is nested too deep"
_MESSAGES = frozenset({_CHOICE, _COMPLETION, _PROMPT, _DETAILS, *_ROLES})


class Events:
    """Goes over the lines of OTLP/JSON."""

    def __init__(self, rows: Rows) -> None:
        """What log records tell goes into ``rows``."""
        self.rows = rows
        self.only_logs = True
        """Every line so far was a request of log records alone."""
        self.problems: list[Problem] = []
        """Log records that cannot be read; whoever hands in the lines takes them away."""

    def line(self, line: bytes, number: int | None = None) -> bytes:
        """A request with what the events of its spans tell among their attributes; most lines are the same as before."""
        if _SPANS in line or _OLD_SPANS in line:
            self.only_logs = False
            if not _NEEDED.search(line):
                return line
        try:
            request = _loaded(line)
        except (ValueError, RecursionError):
            self.only_logs &= not line.strip()
            return line
        self.only_logs &= isinstance(request, dict) and "resourceLogs" in request
        faults = [] if _is_whole(request, "resourceLogs", "scopeLogs", "logRecords") else [_TORN]
        records = _inner(request, "resourceLogs", "scopeLogs", "logRecords")
        faults += [TOO_DEEP for record in records if not log(self.rows, record, number)]
        self.problems += [Problem(source=self.rows.file.source, line=number, message=said) for said in faults]
        for span in _inner(request, "resourceSpans", "scopeSpans", "spans"):
            found = told(list(_objects(span, "events")))
            own = span.get("attributes") or []
            if found and isinstance(own, list):
                there = _said(span)
                more = [{"key": key, "value": {"stringValue": text}} for key, text in found.items() if key not in there]
                span["attributes"] = [*own, *more]
        return json.dumps(request, separators=(",", ":")).encode() + b"\n"


def _loaded(line: bytes) -> object:
    """A line of JSON; a number that is too long for Python is a text."""
    try:
        return json.loads(line)
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise
    except ValueError:
        return json.loads(line, parse_int=str)


def log(rows: Rows, record: dict[str, Any], number: int | None) -> bool:
    """Add a log record, as OTLP/JSON has it, to the rows where it tells a question or an answer.

    False where it is ``TOO_DEEP``.
    """
    try:
        found = _logged(record)
    except RecursionError:
        return False
    if found:
        at = next((at for key in ("timeUnixNano", "observedTimeUnixNano") if (at := count_of(record.get(key)))), None)
        rows.log(trace_id=record.get("traceId"), span_id=record.get("spanId"), at=at, attributes=found, line=number)
    return True


def _logged(record: dict[str, Any]) -> dict[str, str]:
    named = (record.get("eventName"), _said(record).get("event.name"))
    name = next((one for one in named if isinstance(one, str) and one in _MESSAGES), None)
    if name is None:
        return {}
    body = value_of(record.get("body"))  # its spelling is the file's
    pair = [{"key": _BODY, "value": {"stringValue": text_of(_plain(body))}}] if body else []
    return _as_text(_told([{"name": name, "attributes": [*_objects(record, "attributes"), *pair]}]))


def told(events: list[dict[str, Any]]) -> dict[str, str]:
    """The attributes that follow from the events of one span, as text that UTF-8 can hold."""
    try:
        return _as_text(_told(events))
    except RecursionError:
        return {}


def _as_text(found: dict[str, str]) -> dict[str, str]:
    return {key: text.encode("utf-8", "replace").decode() for key, text in found.items()}


def _told(events: list[dict[str, Any]]) -> dict[str, str]:
    asked: list[dict[str, Any]] = []
    answered: list[dict[str, Any]] = []
    reasons: list[str] = []
    found: dict[str, str] = {}
    flags: dict[str, str] = {}
    for event in events:
        name, said = str(event.get("name")), _said(event)
        if name == _CHOICE:
            body = opened(said[_BODY]) if _BODY in said else said
            body = body if isinstance(body, dict) else {}
            reason = body.get("finish_reason")
            reasons += [reason] if isinstance(reason, str) else []
            spoken = [*parts(body.get("message")), *calls(body.get("tool_calls"))]
            answered += [{"role": "assistant", "parts": spoken}] if spoken else []
        elif name in _ROLES:
            body = opened(said.get(_BODY)) or said
            asked += messages(body, _ROLES[name])
        elif name == _COMPLETION:
            answered += messages(said.get("gen_ai.completion"), "assistant")
        elif name == _PROMPT:
            asked += messages(said.get("gen_ai.prompt"), "user")
        elif name == _DETAILS:
            inner = opened(said.pop(_BODY, None))
            said = {**(inner if isinstance(inner, dict) else {}), **said}
            found |= {key: text_of(value) for key, value in said.items() if key.startswith("gen_ai.")}
        elif name == _FLAG:
            variant = next((said[key] for key in _VARIANTS if key in said), None)
            if "feature_flag.key" in said and variant is not None:
                flags[text_of(said["feature_flag.key"])] = text_of(variant)
    found |= _evaluated(flags)
    lists = {
        "gen_ai.input.messages": asked,
        "gen_ai.output.messages": answered,
        "gen_ai.response.finish_reasons": reasons,
    }
    return {**{key: text_of(value) for key, value in lists.items() if value}, **found}


_MOST_FLAGS, _LONGEST_KEY = 50, 100


def _evaluated(flags: dict[str, str]) -> dict[str, str]:
    """Flags as attributes: of several, one attribute cannot say which is which, and each has its own."""
    if len(flags) == 1:
        ((key, variant),) = flags.items()
        return {"feature_flag.key": key, "feature_flag.result.variant": variant}
    if len(flags) > _MOST_FLAGS:
        return {}
    return {f"feature_flag.{key}.variant": said for key, said in flags.items() if len(key) <= _LONGEST_KEY}


_VARIANTS = ("feature_flag.result.variant", "feature_flag.variant", "feature_flag.result.value")


def _said(holder: dict[str, Any]) -> dict[str, Any]:
    pairs = reversed([pair for pair in _objects(holder, "attributes") if isinstance(pair.get("key"), str)])
    return {pair["key"]: _plain(pair.get("value")) for pair in pairs}  # of a name that comes twice the first counts


def _plain(value: object) -> Any:  # noqa: ANN401  JSON of any shape
    """A value of OTLP/JSON as plain JSON."""
    if not isinstance(value, dict) or not value:
        return None
    ((kind, inner), *_) = value.items()
    read: Callable[[Any], Any] | None = _READ.get(kind)
    return read(inner) if read else inner


def _listed(value: object) -> list[dict[str, Any]]:
    return list(_objects(value, "values")) if isinstance(value, dict) else []


_READ: dict[str, Callable[[Any], Any]] = {
    "arrayValue": lambda inner: [_plain(one) for one in _listed(inner)],
    "kvlistValue": lambda inner: {str(one.get("key")): _plain(one.get("value")) for one in _listed(inner)},
}


def _inner(request: object, outer: str, middle: str, inner: str) -> Iterator[dict[str, Any]]:
    """The spans or log records of a request."""
    for resource in _objects(request, outer):
        for scope in _objects(resource, middle):
            yield from _objects(scope, inner)


def _is_whole(holder: object, key: str, *deeper: str) -> bool:
    """Whether all that should be a list of objects is one, or absent."""
    found = holder.get(key) if isinstance(holder, dict) else None
    if found is None:
        return True
    return isinstance(found, list) and all(
        isinstance(one, dict) and (not deeper or _is_whole(one, *deeper)) for one in found
    )


def _objects(holder: object, key: str) -> Iterator[dict[str, Any]]:
    found = holder.get(key) if isinstance(holder, dict) else None
    yield from (one for one in found if isinstance(one, dict)) if isinstance(found, list) else ()
