"""What events of spans tell: events as OTLP/JSON has them in, attributes of their span under the canonical names out.

Conventions up to 1.36 put questions, answers and finish reasons into events, and OpenFeature puts evaluations of flags there.
Newer SDKs send the same events as log records, which are told and not read.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from blameline.sources.otlp_event_messages import calls, messages, opened, parts, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CHOICE, _COMPLETION, _PROMPT = "gen_ai.choice", "gen_ai.content.completion", "gen_ai.content.prompt"
_DETAILS, _FLAG = "gen_ai.client.inference.operation.details", "feature_flag.evaluation"
_ANSWERS = frozenset({_CHOICE, _COMPLETION, _DETAILS})
_ROLES = {f"gen_ai.{role}.message": role for role in ("system", "user", "assistant", "tool")}
NEEDLES = (
    b'.choice"',
    b'.content.prompt"',
    b'.content.completion"',
    b".client.inference.operation.details",
    b'.evaluation"',
)
"""What bytes with such events hold somewhere. They begin alike with what else is looked for: one look finds all."""
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
            self.logged += is_answer(record.get("eventName"), _said(record).get("event.name"))
        for span in _inner(request, "resourceSpans", "scopeSpans", "spans"):
            found = told(list(_objects(span, "events")))
            own = span.get("attributes") or []
            if found and isinstance(own, list):
                there = _said(span)
                more = [{"key": key, "value": {"stringValue": text}} for key, text in found.items() if key not in there]
                span["attributes"] = [*own, *more]
        return json.dumps(request, separators=(",", ":")).encode() + b"\n"

    def problem(self) -> str | None:
        """What is to be told of the answers that are log records."""
        return f"{self.logged} {UNREAD}" if self.logged else None


def is_answer(*names: object) -> bool:
    """Whether one of the names of an event is that of an answer."""
    return any(isinstance(name, str) and name in _ANSWERS for name in names)


def told(events: list[dict[str, Any]]) -> dict[str, str]:
    """The attributes that follow from the events of one span, as text that UTF-8 can hold."""
    try:
        found = _told(events)
    except RecursionError:
        return {}
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
            body = opened(said["gen_ai.event.content"]) if "gen_ai.event.content" in said else said
            body = body if isinstance(body, dict) else {}
            reason = body.get("finish_reason")
            reasons += [reason] if isinstance(reason, str) else []
            spoken = [*parts(body.get("message")), *calls(body.get("tool_calls"))]
            answered += [{"role": "assistant", "parts": spoken}] if spoken else []
        elif name in _ROLES:
            body = opened(said.get("gen_ai.event.content")) or said
            asked += messages(body, _ROLES[name])
        elif name == _COMPLETION:
            answered += messages(said.get("gen_ai.completion"), "assistant")
        elif name == _PROMPT:
            asked += messages(said.get("gen_ai.prompt"), "user")
        elif name == _DETAILS:
            found |= {key: text_of(value) for key, value in said.items() if key.startswith("gen_ai.")}
        elif name == _FLAG:
            variant = next((said[key] for key in _VARIANTS if key in said), None)
            if "feature_flag.key" in said and variant is not None:
                flags[text_of(said["feature_flag.key"])] = text_of(variant)
    if len(flags) == 1:  # of several, no attribute can say which is which
        ((key, variant),) = flags.items()
        found |= {"feature_flag.key": key, "feature_flag.result.variant": variant}
    lists = {
        "gen_ai.input.messages": asked,
        "gen_ai.output.messages": answered,
        "gen_ai.response.finish_reasons": reasons,
    }
    return {**{key: text_of(value) for key, value in lists.items() if value}, **found}


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


def _objects(holder: object, key: str) -> Iterator[dict[str, Any]]:
    found = holder.get(key) if isinstance(holder, dict) else None
    yield from (one for one in found if isinstance(one, dict)) if isinstance(found, list) else ()
