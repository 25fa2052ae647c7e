"""What events of spans tell: events as OTLP/JSON has them in, attributes of their span under the canonical names out.

Conventions up to 1.36 put questions, answers and finish reasons into events, and OpenFeature puts evaluations of flags there.
Newer SDKs send the same events as log records, which are told and not read.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CHOICE, _COMPLETION, _PROMPT = "gen_ai.choice", "gen_ai.content.completion", "gen_ai.content.prompt"
_DETAILS, _FLAG = "gen_ai.client.inference.operation.details", "feature_flag.evaluation"
_ANSWERS = frozenset({_CHOICE, _COMPLETION, _DETAILS})
_ROLES = {f"gen_ai.{role}.message": role for role in ("system", "user", "assistant", "tool")}
NEEDLES = tuple(name.encode() for name in (_CHOICE, "gen_ai.content.", _DETAILS, _FLAG))
"""What bytes with such events hold somewhere."""
UNREAD = "answers are in log records, which are not read"
"""How the problem ends that tells of them."""


class Events:
    """Goes over the lines of OTLP/JSON, and counts the answers that are log records."""

    def __init__(self) -> None:
        """Nothing is counted yet."""
        self.logged = 0

    def line(self, line: bytes) -> bytes:
        """A request with what the events of its spans tell among their attributes; most lines are the same as before."""
        if not any(needle in line for needle in NEEDLES):
            return line
        try:
            request = json.loads(line)
        except (ValueError, RecursionError):
            return line
        for record in _inner(request, "resourceLogs", "scopeLogs", "logRecords"):
            names = {record.get("eventName"), _said(record).get("event.name")}
            self.logged += not names.isdisjoint(_ANSWERS)
        for span in _inner(request, "resourceSpans", "scopeSpans", "spans"):
            there = _said(span)
            found = told(list(_objects(span, "events")))
            span["attributes"] = [
                *span.get("attributes", ()),
                *({"key": key, "value": {"stringValue": text}} for key, text in found.items() if key not in there),
            ]
        return json.dumps(request, separators=(",", ":")).encode() + b"\n"

    def problem(self) -> str | None:
        """What is to be told of the answers that are log records."""
        return f"{self.logged} {UNREAD}" if self.logged else None


def is_answer(*names: str | None) -> bool:
    """Whether one of the names of an event is that of an answer."""
    return not _ANSWERS.isdisjoint(names)


def told(events: list[dict[str, Any]]) -> dict[str, str]:
    """The attributes that follow from the events of one span, as text."""
    asked: list[dict[str, Any]] = []
    answered: list[dict[str, Any]] = []
    reasons: list[str] = []
    found: dict[str, str] = {}
    flags: dict[str, str] = {}
    for event in events:
        name, said = event.get("name"), _said(event)
        if name == _CHOICE:
            body = _opened(said["gen_ai.event.content"]) if "gen_ai.event.content" in said else said
            body = body if isinstance(body, dict) else {}
            reason = body.get("finish_reason")
            reasons += [reason] if isinstance(reason, str) else []
            parts = [*_parts(body.get("message")), *_calls(body.get("tool_calls"))]
            answered += [{"role": "assistant", "parts": parts}] if parts else []
        elif name in _ROLES:
            body = _opened(said.get("gen_ai.event.content")) or said
            asked += _messages(body, _ROLES[name])
        elif name == _COMPLETION:
            answered += _messages(said.get("gen_ai.completion"), "assistant")
        elif name == _PROMPT:
            asked += _messages(said.get("gen_ai.prompt"), "user")
        elif name == _DETAILS:
            found |= {key: _text(value) for key, value in said.items() if key.startswith("gen_ai.")}
        elif name == _FLAG:
            variant = next((said[key] for key in _VARIANTS if key in said), None)
            if "feature_flag.key" in said and variant is not None:
                flags[_text(said["feature_flag.key"])] = _text(variant)
    if len(flags) == 1:  # of several, no attribute can say which is which
        ((key, variant),) = flags.items()
        found |= {"feature_flag.key": key, "feature_flag.result.variant": variant}
    lists = {
        "gen_ai.input.messages": asked,
        "gen_ai.output.messages": answered,
        "gen_ai.response.finish_reasons": reasons,
    }
    return {**{key: _text(value) for key, value in lists.items() if value}, **found}


_VARIANTS = ("feature_flag.result.variant", "feature_flag.variant", "feature_flag.result.value")


def _messages(found: object, role: str) -> list[dict[str, Any]]:
    """Messages in the words of the newer conventions, from a text, a message or a list of them."""
    found = _opened(found)
    if isinstance(found, list) and all(isinstance(one, dict) and "role" in one for one in found):
        return [message for one in found for message in _messages(one, str(one["role"]))]
    parts = _parts(found)
    return [{"role": role, "parts": parts}] if parts else []


def _parts(message: object) -> list[dict[str, Any]]:
    """The words and calls of one message, which may be a text, an object, or a list of parts."""
    message = _opened(message)
    if isinstance(message, dict):
        inner = message.get("content", message.get("text"))
        return [*(_parts(inner) if inner is not None else ()), *_calls(message.get("tool_calls"))]
    if isinstance(message, list):
        calls = [one[key] for one in message if isinstance(one, dict) for key in ("toolUse", "tool_call") if key in one]
        return [*(part for one in message for part in _parts(one)), *_calls(calls)]
    return [] if message is None else [{"type": "text", "content": _text(message)}]


def _calls(found: object) -> list[dict[str, Any]]:
    found = _opened(found)
    return [
        {"type": "tool_call", **({"name": name} if name else {})}
        for call in (found if isinstance(found, list) else ())
        if isinstance(call, dict)
        for inner in (call.get("function"),)
        for name in ((inner if isinstance(inner, dict) else call).get("name"),)
    ]


def _opened(value: object) -> object:
    """What a text spells as JSON where it is an object or a list; the text as it is where it is not."""
    if isinstance(value, str) and value[:1] in {"{", "["}:
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            pass
    return value


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _said(holder: dict[str, Any]) -> dict[str, Any]:
    return {pair["key"]: _plain(pair.get("value")) for pair in _objects(holder, "attributes") if "key" in pair}


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


def _objects(holder: object, key: str) -> Iterator[dict[str, Any]]:
    found = holder.get(key) if isinstance(holder, dict) else None
    yield from (one for one in found if isinstance(one, dict)) if isinstance(found, list) else ()
