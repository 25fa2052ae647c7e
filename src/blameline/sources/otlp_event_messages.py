"""What an event says was asked or answered, in any of the shapes that SDKs chose, in; messages of the newer conventions out."""

from __future__ import annotations

import json
from typing import Any

_KEYS = frozenset(
    {
        "role",
        "content",
        "text",
        "type",
        "name",
        "refusal",
        "tool_calls",
        "tool_call",
        "toolUse",
        "parts",
        "id",
        "index",
        "annotations",
    }
)
"""Fields of messages and of their parts."""


def messages(found: object, role: str) -> list[dict[str, Any]]:
    """Messages in the words of the newer conventions, from a text, a message or a list of them."""
    inside = opened(found)
    if isinstance(inside, list) and all(isinstance(one, dict) and "role" in one for one in inside):
        return [message for one in inside for message in messages(one, str(one["role"]))]
    spoken = parts(found)
    return [{"role": role, "parts": spoken}] if spoken else []


def parts(message: object) -> list[dict[str, Any]]:
    """The words and calls of one message, which may be a text, an object, or a list of parts; an answer may be JSON itself."""
    inside = opened(message)
    if isinstance(message, str) and not _is_spoken(inside):
        return [{"type": "text", "content": message}]
    message = inside
    if isinstance(message, dict):
        inner = message.get("content", message.get("text"))
        return [*(parts(inner) if inner is not None else ()), *calls(message.get("tool_calls"))]
    if isinstance(message, list):
        called = [
            one[key] for one in message if isinstance(one, dict) for key in ("toolUse", "tool_call") if key in one
        ]
        return [*(part for one in message for part in parts(one)), *calls(called)]
    return [] if message is None else [{"type": "text", "content": text_of(message)}]


def _is_spoken(value: object) -> bool:
    """Whether JSON inside of a text is a message or its parts, and not what was said."""
    listed = value if isinstance(value, list) else [value]
    return bool(listed) and all(isinstance(one, dict) and one and one.keys() <= _KEYS for one in listed)


def calls(found: object) -> list[dict[str, Any]]:
    """The calls of tools, each with its name where it has one."""
    found = opened(found)
    return [
        {"type": "tool_call", **({"name": name} if name else {})}
        for call in (found if isinstance(found, list) else ())
        if isinstance(call, dict)
        for inner in (call.get("function"),)
        for name in ((inner if isinstance(inner, dict) else call).get("name"),)
    ]


def opened(value: object) -> object:
    """What a text spells as JSON where it is an object or a list; the text as it is where it is not."""
    if isinstance(value, str) and value[:1] in {"{", "["}:
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            pass
    return value


def text_of(value: object) -> str:
    """A text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
