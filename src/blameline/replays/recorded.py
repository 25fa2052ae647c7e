"""What the records hold of one request, as an OpenAI-style call: its spans in; messages, tools, stubs and the answer out.

What was asked is that of the first call; what tools said are stubs, to be handed back when the model calls them again. The
answer is that of the last call. Dialects that say it in another way than ``gen_ai.*`` are read as far as they are unambiguous.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Message = dict[str, Any]
_WHOLE = (
    "gen_ai.input.messages", "question", "input.value", "ai.prompt.messages", "langfuse.observation.input", "mlflow.spanInputs",
    "traceloop.entity.input", "input",
)  # fmt: skip
_ANSWER = (
    "gen_ai.output.messages", "gen_ai.completion.0.content", "llm.output_messages.0.message.content", "ai.response.text",
    "langfuse.observation.output", "output.value", "mlflow.spanOutputs", "traceloop.entity.output", "gen_ai.completion",
    "output", "answer", "completion",
)  # fmt: skip
_NUMBERED = re.compile(r"(?:gen_ai\.prompt|llm\.input_messages)\.(\d+)\.(?:message\.)?(role|content)")
_ROLES = {"human": "user", "ai": "assistant", "model": "assistant", "developer": "system"}
PARAMETERS = {
    "gen_ai.request.temperature": "temperature",
    "gen_ai.request.top_p": "top_p",
    "gen_ai.request.max_tokens": "max_tokens",
    "gen_ai.request.seed": "seed",
    "gen_ai.request.presence_penalty": "presence_penalty",
    "gen_ai.request.frequency_penalty": "frequency_penalty",
}
"""Attributes of a call → parameters of the endpoint."""


@dataclass(frozen=True)
class Recorded:
    """One request as it was."""

    messages: tuple[Message, ...] = ()
    """Empty: what was asked is not on record."""
    tools: tuple[Message, ...] = ()
    stubs: tuple[Message, ...] = ()
    """What each call of a tool was asked and said."""
    model: str | None = None
    settings: Mapping[str, float] = field(default_factory=dict)
    answer: str | None = None
    """``None``: not on record."""


def recorded(spans: Sequence[Mapping[str, Any]]) -> Recorded:
    """One request from its spans and logs, in the order of time."""
    told = [(span, dict(reversed(list(zip(span["names"], span["said"], strict=True))))) for span in spans]
    calls = [(span, said) for span, said in told if span["call"] or span["logged"]]
    calls = calls or [
        (span, said) for span, said in told if span["op"] is None
    ]  # a row of a table may not say what it is
    asked = next((found for _, said in calls if (found := _messages(said))), ())
    first = next((said for span, said in calls if not span["logged"]), {})
    answers = [answer for _, said in calls if (answer := _answer(said)) is not None]
    stubs = [_stub(span, said) for span, said in told if span["op"] == "execute_tool"]
    return Recorded(
        messages=tuple(asked),
        tools=tuple(_tools(next((said[_TOOLS] for _, said in calls if _TOOLS in said), None))),
        stubs=tuple(one for one in stubs if one["result"] is not None),
        model=first.get("gen_ai.request.model") or first.get("gen_ai.response.model"),
        settings={
            ours: number for name, ours in PARAMETERS.items() if (number := _number(first.get(name))) is not None
        },
        answer=answers[-1] if answers else None,
    )


_TOOLS = "gen_ai.tool.definitions"


def _messages(said: Mapping[str, str]) -> list[Message]:
    numbered: dict[int, Message] = {}
    for name, value in said.items():
        if found := _NUMBERED.fullmatch(name):
            numbered.setdefault(int(found[1]), {})[found[2]] = value
    listed: list[Message] = [{"role": "user", **numbered[n]} for n in sorted(numbered) if numbered[n].get("content")]
    if not listed:
        whole = next((said[name] for name in _WHOLE if said.get(name)), None)
        listed = [] if whole is None else _spoken(_opened(whole), whole)
    system = _opened(said.get("gen_ai.system_instructions"))
    if system and listed and all(one.get("role") not in {"system", "developer"} for one in listed):
        listed = [{"role": "system", "content": _text(system)}, *listed]
    return [part for one in listed for part in _as_chat(one)]


def _spoken(value: object, plain: str) -> list[Message]:
    if isinstance(value, Mapping) and isinstance(value.get("messages"), list):
        value = value["messages"]
    if isinstance(value, list) and value and all(isinstance(one, Mapping) and "role" in one for one in value):
        return [dict(one) for one in value]
    return [{"role": "user", "content": plain}]


def _as_chat(message: Message) -> list[Message]:
    """A message as the endpoint reads it; answers of several tools become one message each."""
    role = str(message.get("role", "user"))
    role = _ROLES.get(role, role)
    parts = message.get("parts")
    if not isinstance(parts, list):
        kept = {key: message[key] for key in ("tool_calls", "tool_call_id", "name") if message.get(key)}
        return [{"role": role, "content": _text(message.get("content")), **kept}]
    parts = [one for one in parts if isinstance(one, Mapping)]
    said = [
        {
            "role": "tool",
            "tool_call_id": str(one.get("id") or "call"),
            "content": _text(one.get("response", one.get("result"))),
        }
        for one in parts
        if one.get("type") == "tool_call_response"
    ]
    words = _text([one for one in parts if one.get("type") not in {"tool_call", "tool_call_response"}])
    called = [
        {
            "id": str(one.get("id") or "call"),
            "type": "function",
            "function": {"name": str(one.get("name", "")), "arguments": _json(one.get("arguments"))},
        }
        for one in parts
        if one.get("type") == "tool_call"
    ]
    if called:
        return [{"role": role, "content": words or None, "tool_calls": called}, *said]
    return said or [{"role": role, "content": words}]


def _answer(said: Mapping[str, str]) -> str | None:
    whole = next((said[name] for name in _ANSWER if said.get(name)), None)
    if whole is None:
        return None
    value = _opened(whole)
    if isinstance(value, list) and value and all(isinstance(one, Mapping) and "role" in one for one in value):
        words = [_text(part.get("content")) for one in value for part in _as_chat(dict(one))]
        return "\n".join(one for one in words if one) or None
    return whole


def _tools(text: str | None) -> list[Message]:
    value = _opened(text)
    found = [dict(one) for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
    return [
        one
        if "function" in one
        else {"type": "function", "function": {key: part for key, part in one.items() if key != "type"}}
        for one in found
    ]


def _stub(span: Mapping[str, Any], said: Mapping[str, str]) -> Message:
    names = ("gen_ai.tool.call.result", "output.value", "traceloop.entity.output", "output")
    result = next((said[name] for name in names if said.get(name)), None)
    return {
        "name": said.get("gen_ai.tool.name") or str(span["name"] or "").removeprefix("execute_tool "),
        "arguments": said.get("gen_ai.tool.call.arguments") or said.get("input.value"),
        "result": result,
    }


def _text(value: object) -> str:
    """The words of a content, which may be a text or a list of parts; other parts as JSON."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, list):
        return "\n".join(filter(None, map(_text, value)))
    if isinstance(value, Mapping):
        words = value.get("content", value.get("text"))
        if isinstance(words, (str, list)):
            return _text(words)
    return _json(value)


def _json(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _opened(value: str | None) -> Any:  # noqa: ANN401  JSON of any shape
    if value and value[:1] in {"[", "{"}:
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def _number(value: str | None) -> float | None:
    try:
        number = float(value) if value is not None else None
    except ValueError:
        return None
    return int(number) if number is not None and number.is_integer() and abs(number) < 1e15 else number
