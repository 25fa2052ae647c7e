"""What a provider's request, answer, usage or error says, in GenAI names: a body in, attributes out.

OpenAI's completions and Responses and Anthropic's messages are known; other sources carry the same bodies.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from blameline.sources.postings import objects

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Fields = dict[str, Any]

ASKED = {"model": "model", "temperature": "temperature", "top_p": "top_p", "top_k": "top_k", "seed": "seed",
         "max_tokens": "max_tokens", "max_completion_tokens": "max_tokens", "max_output_tokens": "max_tokens",
         "frequency_penalty": "frequency_penalty", "presence_penalty": "presence_penalty", "stop": "stop_sequences",
         "stop_sequences": "stop_sequences", "n": "choice.count", "stream": "stream", "reasoning_effort": "reasoning.level",
         "previous_response_id": "previous_response.id"}  # fmt: skip
ECHOES = frozenset(ASKED) - {"model"} | {
    "tools",
    "instructions",
    "metadata",
    "prompt",
    "user",
    "reasoning",
    "conversation",
}
_USAGE = {"prompt_tokens": "input_tokens", "input_tokens": "input_tokens", "completion_tokens": "output_tokens",
          "output_tokens": "output_tokens", "total_tokens": "total_tokens",
          "cache_read_input_tokens": "cache_read.input_tokens", "cache_creation_input_tokens": "cache_write.input_tokens",
          "prompt_tokens_details.cached_tokens": "cache_read.input_tokens",
          "input_tokens_details.cached_tokens": "cache_read.input_tokens",
          "completion_tokens_details.reasoning_tokens": "reasoning.output_tokens",
          "output_tokens_details.reasoning_tokens": "reasoning.output_tokens"}  # fmt: skip
_CUT = {"max_output_tokens": "length"}
_CLASS = re.compile(r"^(?:[\w.]+\.)?(\w*(?:Error|Exception|Timeout|Timed|Interrupt|Cancelled|Exceeded)\w*)")
TIMEOUT = re.compile(r"time[sd]?[ _-]?out|deadline", re.IGNORECASE)


def asked(ask: Mapping[str, Any], only: Iterable[str] | None = None, prefix: str = "openai.request") -> Fields:
    """What a request says, in GenAI names; ``only`` picks what an answer repeats of it."""
    rest = {key: value for key, value in ask.items() if value is not None and (only is None or key in only)}
    said: Fields = {f"gen_ai.request.{ours}": rest.pop(key) for key, ours in ASKED.items() if key in rest}
    if isinstance(rest.get("reasoning"), dict):
        said.setdefault("gen_ai.request.reasoning.level", rest["reasoning"].get("effort"))
    if isinstance(prompt := rest.get("prompt"), dict):
        said |= {"gen_ai.prompt.name": prompt.get("id"), "gen_ai.prompt.version": prompt.get("version")}
        said |= flat("gen_ai.prompt.variable", prompt.get("variables"))
        del rest["prompt"]
    talk = rest.get("conversation")
    said["gen_ai.conversation.id"] = talk.get("id") if isinstance(talk, dict) else talk
    said["gen_ai.tool.definitions"] = rest.pop("tools", None) or rest.pop("functions", None)
    said["user.id"] = rest.pop("user", None)
    said["openai.request.service_tier"] = rest.pop("service_tier", None)
    for key in ("instructions", "system"):
        if key in rest:
            said["gen_ai.system_instructions"] = parts(rest.pop(key))
    for key in ("messages", "input", "prompt"):
        content = rest.pop(key, None)
        if isinstance(content, list) and any(isinstance(part, dict) for part in content):
            said["gen_ai.input.messages"] = messages(content)
        elif content is not None:
            said["input.value"] = content
    return _present({**said, **flat(prefix, rest)})


def answered(answer: Mapping[str, Any], prefix: str = "openai.response") -> Fields:
    """What an answer says, in GenAI names."""
    rest = {key: value for key, value in answer.items() if value is not None and key not in ECHOES | {"error"}}
    said: Fields = {f"gen_ai.response.{key}": rest.pop(key) for key in ("id", "model") if key in rest}
    for key in ("system_fingerprint", "service_tier"):
        said[f"openai.response.{key}"] = rest.pop(key, None)
    choices = objects(rest.get("choices"))
    reasons = [choice.get("finish_reason") for choice in choices] or [answer.get("stop_reason") or _ending(answer)]
    said["gen_ai.response.finish_reasons"] = [reason for reason in reasons if reason is not None] or None
    spoken = [choice["message"] for choice in choices if isinstance(choice.get("message"), dict)]
    if isinstance(rest.get("output"), list):
        spoken, said["openai.api.type"] = rest.pop("output"), "responses"
    elif rest.get("type") == "message":
        spoken = [{"role": rest.pop("role", None), "content": rest.pop("content", None)}]
        rest.pop("stop_reason", None)
    made = [message for message in messages(spoken) if message["parts"]]
    said["gen_ai.output.messages"] = made or None
    kinds = [part.get("type") for message in made for part in message["parts"] if isinstance(part, dict)]
    said["openai.response.refusal"] = True if "refusal" in kinds else None
    words = [choice["text"] for choice in choices if isinstance(choice.get("text"), str)]
    if words:
        said["output.value"] = words[0] if len(words) == 1 else words
    if choices:
        said[f"{prefix}.logprobs"] = [choice.get("logprobs") for choice in choices if choice.get("logprobs")] or None
        del rest["choices"]
    if isinstance(rest.get("data"), list):  # vectors say nothing to a reader
        said[f"{prefix}.data.count"] = len(rest.pop("data"))
    return _present({**said, **used(rest.pop("usage", None), f"{prefix}.usage"), **flat(prefix, rest)})


def used(usage: object, prefix: str) -> Fields:
    """Token counts in GenAI names; zeros of details are kept, what is no count stays under the provider's name."""
    said: Fields = {}
    for key, value in flat("", usage).items():
        ours = f"gen_ai.usage.{_USAGE[key]}" if key in _USAGE else f"{prefix}.{key}"
        if ours not in said:
            said[ours] = value
    return said


def _ending(answer: Mapping[str, Any]) -> str | None:
    """Why a Response ended, in the words of chat completions."""
    why = answer.get("incomplete_details")
    if isinstance(why, dict) and isinstance(why.get("reason"), str):
        return _CUT.get(why["reason"], why["reason"])
    calls = any(part.get("type") == "function_call" for part in objects(answer.get("output")))
    return ("tool_calls" if calls else "stop") if answer.get("status") == "completed" else None


def faulty(error: object, code: float | None = None, prefix: str = "openai.error") -> Fields:
    """``error.type`` and what was said of a failure, from an error body, a text or a status code; empty for none."""
    found = opened(error)
    while isinstance(found, dict) and isinstance(found.get("error"), (dict, str)):
        found = opened(found["error"])
    failed = code is not None and 400 <= code < 600
    if not found and not failed:
        return {}
    body: Fields = found if isinstance(found, dict) else {"message": text_of(found)}
    message = text_of(body.get("message"))
    named = _CLASS.match(message or "")
    kind = text_of(body.get("code")) or text_of(body.get("type")) or (named and named.group(1)) or None
    if TIMEOUT.search(kind or message or "") or code == 408:
        return {"error.type": "timeout", "exception.type": kind, "exception.message": message}
    said = kind or (str(int(code)) if failed and code else "_OTHER")
    return {"error.type": said, "exception.message": message, **flat(prefix, body, leave=("message",))}


def messages(found: Iterable[object]) -> list[Fields]:
    """Chat messages in the form of the GenAI conventions: a role and parts; what a message says besides stays."""
    made = []
    for one in found:
        message = one if isinstance(one, dict) else {"content": one}
        inside: list[Any] = parts(message.get("content"))
        if isinstance(message.get("reasoning_content"), str):
            inside.insert(0, {"type": "reasoning", "content": message["reasoning_content"]})
        if message.get("refusal"):
            inside.append({"type": "refusal", "content": message["refusal"]})
        calls = [*objects(message.get("tool_calls")), message.get("function_call")]
        if message.get("type") == "function_call":
            calls.append({**message, "id": message.get("call_id")})
        inside += [_call(call) for call in calls if isinstance(call, dict)]
        if message.get("role") == "tool" or message.get("type") == "function_call_output":
            said = {"id": message.get("tool_call_id", message.get("call_id"))}
            inside = [{"type": "tool_call_response", **said, "response": message.get("content", message.get("output"))}]
        made.append({"role": text_of(message.get("role")) or "assistant", "parts": inside})
    return made


def _call(call: Fields) -> Fields:
    made = call["function"] if isinstance(call.get("function"), dict) else call
    arguments = opened(next((made[key] for key in ("arguments", "args", "input") if key in made), None))
    return {"type": "tool_call", "id": call.get("id"), "name": made.get("name"), "arguments": arguments}


def parts(content: object) -> list[Any]:
    """The parts of a message: text, calls of tools and what they gave; nothing for content that is absent."""
    if isinstance(content, str):
        return [{"type": "text", "content": content}]
    made: list[Any] = []
    for part in content if isinstance(content, list) else []:
        kind = str(part.get("type")) if isinstance(part, dict) else None
        if isinstance(part, str):
            made.append({"type": "text", "content": part})
        elif kind in {"text", "input_text", "output_text"}:
            made.append({"type": "text", "content": part.get("text")})
        elif kind == "refusal":
            made.append({"type": "refusal", "content": part.get("refusal")})
        elif kind == "tool_use":
            made.append(_call(part))
        elif kind == "tool_result":
            made.append({"type": "tool_call_response", "id": part.get("tool_use_id"), "response": part.get("content")})
        elif kind == "thinking":
            made.append({"type": "reasoning", "content": part.get("thinking")})
        elif part is not None:
            made.append(part)
    return made


def flat(prefix: str, value: object, *, leave: Iterable[str] = (), deep: int = 3) -> Fields:
    """An object as dotted names, ``deep`` levels of them; lists and what is deeper stay as they are."""
    if not isinstance(value, dict):
        return {prefix: value} if prefix and value is not None else {}
    if not deep:
        return {prefix: value}
    said: Fields = {}
    for key, part in value.items():
        name = f"{prefix}.{key}" if prefix else str(key)
        if key not in leave and part not in (None, {}):
            said |= flat(name, part, deep=deep - 1)
    return said


def opened(value: object) -> Any:  # noqa: ANN401  JSON of any shape
    """JSON inside a text as what it stands for; anything else as it is."""
    if not isinstance(value, str) or value.lstrip()[:1] not in {"{", "["}:
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def number(value: object) -> float | None:
    """A finite number, also one written as text."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if abs(found) < float("inf") else None


def text_of(value: object) -> str | None:
    """A value as text; ``None`` for nothing."""
    return None if value is None or value == "" else value if isinstance(value, str) else str(value)


def _present(said: Fields) -> Fields:
    return {key: value for key, value in said.items() if value is not None}
