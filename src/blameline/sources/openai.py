"""Requests and answers as providers log them: OpenAI-style JSON lines and Anthropic messages in, spans out.

Read are pairs ``{request, response}`` in any wrapper, bare and stored completions, Responses, lines of a batch's output,
and streamed chunks, which are put together by their id. The model that was asked for is only known from a request.
What such a body says in GenAI names (``asked``, ``answered``, ``faulty``) serves other sources too.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from blameline.records import Manifest, Problem, Scan
from blameline.sources.lines import Found, records
from blameline.sources.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from blameline.sources.heads import File, Head

Fields = dict[str, Any]

REQUESTS = ("request", "request_body", "requestBody", "req")
RESPONSES = ("response", "response_body", "responseBody", "resp", "body", "result", "chunk", "chunks")
STARTS = ("start_time", "started_at", "startTime", "request_time", "request_timestamp", "request_created_at", "timestamp",
          "time", "ts", "at", "created_at", "createdAt", "logged_at", "datetime", "@timestamp")  # fmt: skip
ENDS = ("end_time", "ended_at", "endTime", "finished_at", "response_timestamp")
DURATIONS = {"duration_ms": 1, "latency_ms": 1, "elapsed_ms": 1, "response_time_ms": 1, "duration_s": 1000,
             "latency_s": 1000, "duration_seconds": 1000, "latency_seconds": 1000}  # fmt: skip
TRACES = ("trace_id", "traceId", "request_id", "requestId", "x_request_id", "correlation_id")
CODES = ("status_code", "statusCode", "http_status", "response_status", "response.status_code", "status")
OTHERS = frozenset({"call_type", "model_group", "litellm_call_id", "run_type", "resourceSpans", "evalId"})
"""Names that belong to other formats, which carry the same bodies inside."""

ASKED = {"model": "model", "temperature": "temperature", "top_p": "top_p", "top_k": "top_k", "seed": "seed",
         "max_tokens": "max_tokens", "max_completion_tokens": "max_tokens", "max_output_tokens": "max_tokens",
         "frequency_penalty": "frequency_penalty", "presence_penalty": "presence_penalty", "stop": "stop_sequences",
         "stop_sequences": "stop_sequences", "n": "choice.count", "stream": "stream", "reasoning_effort": "reasoning.level",
         "previous_response_id": "previous_response.id"}  # fmt: skip
_ECHOES = frozenset(ASKED) - {"model"} | {
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
_OPENAI = re.compile(r"^(ft:)?(gpt-|o\d|chatgpt|text-embedding-|codex|davinci|babbage)")
_CLASS = re.compile(r"^(?:[\w.]+\.)?(\w*(?:Error|Exception|Timeout|Timed|Interrupt|Cancelled|Exceeded)\w*)")
TIMEOUT = re.compile(r"time[sd]?[ _-]?out|deadline", re.IGNORECASE)
_OPEN = 2000
"""Streamed answers that are held until their last chunk; beyond it the oldest is taken as whole."""


class OpenAILogs:
    """Reads what applications wrote down of their calls to a provider."""

    name = "openai"

    def sniff(self, path: Path, head: Head) -> bool:  # noqa: ARG002  the protocol hands it in
        """True for JSON whose records are a provider's answers, alone or beside the request."""
        if head.shape not in {"json", "jsonl"} or OTHERS & head.paths:
            return False
        some = [one for record in head.samples[:20] for one in _dicts(record.get("data")) or [dict(record)]]
        return any(_exchange(record) for record in some) if some else _cut_exchange(head.paths)

    def read(self, file: File, manifest: Manifest, *, lenient: bool) -> Iterator[Scan | Problem]:  # noqa: ARG002  the protocol hands it in
        """One span an answer; what has no time or is no answer is a ``Problem`` with its line."""
        rows = Rows(file, where="table")
        streams: dict[str, _Stream] = {}
        for part in listed(file, "data"):
            if isinstance(part, Problem):
                yield part
                continue
            found = _exchange(part.record)
            if found is None:
                yield Problem(source=file.source, line=part.line, message="neither a request nor an answer of a model")
            elif len(found.chunks) == 1:
                key = str(found.chunks[0].get("id") or found.around.get("request_id") or part.line)
                streams.setdefault(key, _Stream(found, part.line)).add(found)
                if len(streams) > _OPEN:
                    yield from _told(rows, streams.pop(next(iter(streams))))
            else:
                stream = _Stream(found, part.line)
                stream.add(found)
                yield from _told(rows, stream)
            yield from rows.taken()
        for stream in streams.values():
            yield from _told(rows, stream)
        yield from rows.taken(rest=True)


@dataclass
class _Exchange:
    """One record: what was asked, what came back, and the log's own fields around it."""

    ask: Fields
    answer: Fields
    around: Fields
    chunks: list[Fields] = field(default_factory=list)


def _exchange(record: Mapping[str, Any]) -> _Exchange | None:
    if OTHERS & record.keys():
        return None
    if _is_chunk(record):
        return _Exchange({}, {}, {}, [dict(record)])
    if _is_answer(record):
        return _Exchange({}, dict(record), {})
    found = _Exchange({}, {}, dict(record))
    for key in REQUESTS:
        body, rest = _peeled(record.get(key))
        if isinstance(body, dict) and _is_request(body):
            found.ask = body
            found.around = {**found.around, key: None, **{f"{key}.{name}": part for name, part in rest.items()}}
            break
    for key in RESPONSES:
        body, rest = _peeled(record.get(key))
        listed = [part for part in body if isinstance(part, dict)] if isinstance(body, list) else [body]
        chunks = [part for part in listed if isinstance(part, dict) and _is_chunk(part)]
        answer = body if isinstance(body, dict) and not chunks and (_is_answer(body) or "error" in body) else {}
        if chunks or answer:
            found.chunks, found.answer = chunks, answer
            found.around = {**found.around, key: None, **{f"response.{name}": part for name, part in rest.items()}}
            break
    known = found.ask or found.chunks or _is_answer(found.answer) or {"custom_id", "error"} <= record.keys()
    return found if known or {"custom_id", "result"} <= record.keys() else None


def _peeled(value: object) -> tuple[object, Fields]:
    """The body inside an HTTP half or a batch result, and what stands beside it."""
    half = opened(value)
    if isinstance(half, dict):
        for key in ("body", "message"):
            if isinstance(opened(half.get(key)), (dict, list)) and "choices" not in half:
                return opened(half[key]), {name: part for name, part in half.items() if name != key}
    return half, {}


def _is_answer(body: Mapping[str, Any]) -> bool:
    kind = str(body.get("object"))
    return (
        (kind in {"chat.completion", "text_completion"} and isinstance(body.get("choices"), list))
        or (kind == "response" and "output" in body)
        or (kind == "list" and {"usage", "model"} <= body.keys())
        or (body.get("type") == "message" and {"role", "content", "model"} <= body.keys())
        or (isinstance(body.get("choices"), list) and {"id", "model"} <= body.keys() and not _is_chunk(body))
    )


def _is_chunk(body: Mapping[str, Any]) -> bool:
    return body.get("object") == "chat.completion.chunk" and isinstance(body.get("choices"), list)


def _is_request(body: Fields) -> bool:
    return isinstance(body.get("messages"), list) or bool("model" in body and {"input", "prompt"} & body.keys())


def _cut_exchange(names: frozenset[str]) -> bool:
    """The same of a record that is longer than what is looked at, by its names."""
    bare = {"object", "choices", "created"} <= names or {"role", "stop_reason", "model", "usage"} <= names
    return bare or any(
        {f"{half}{inner}.{name}" for name in ("model", "messages")} <= names
        for half in REQUESTS
        for inner in ("", ".body")
    )


class _Stream:
    """An answer that comes in one piece or in many."""

    def __init__(self, first: _Exchange, line: int | None) -> None:
        self.found = first
        self.line = line
        self.end: object = None
        self.choices: dict[int, Fields] = {}

    def add(self, more: _Exchange) -> None:
        """Put the pieces of one more record behind those that are there."""
        if more is not self.found and (last := _first(more.around, (*ENDS, *STARTS))) is not None:
            self.end = last
        for chunk in more.chunks:
            for key, value in chunk.items():
                if key != "choices" and value is not None:
                    self.found.answer.setdefault(key, value)
            for choice in _dicts(chunk["choices"]):
                index = choice["index"] if isinstance(choice.get("index"), int) else 0
                _join(self.choices.setdefault(index, {"message": {}, "finish_reason": None}), choice)

    def whole(self) -> _Exchange:
        """The exchange with its answer put together."""
        if self.found.chunks:
            reasons = [choice["finish_reason"] for choice in self.choices.values()]
            self.found.answer["choices"] = list(self.choices.values())
            self.found.around["openai.stream.finished"] = bool(reasons) and None not in reasons
        return self.found


def _join(choice: Fields, more: Fields) -> None:
    """Put one streamed piece behind what there is of a choice."""
    delta = more["delta"] if isinstance(more.get("delta"), dict) else {}
    message = choice["message"]
    for key in ("content", "refusal", "reasoning_content"):
        if isinstance(delta.get(key), str):
            message[key] = message.get(key, "") + delta[key]
    message.setdefault("role", delta.get("role"))
    calls = message.get("tool_calls", [])
    for call in _dicts(delta.get("tool_calls")):
        place = call["index"] if isinstance(call.get("index"), int) else len(calls)
        if place >= len(calls):
            calls.append({"id": call.get("id"), "function": {"name": "", "arguments": ""}})
        made, said = calls[min(place, len(calls) - 1)]["function"], call.get("function")
        for key in ("name", "arguments"):
            made[key] += said[key] if isinstance(said, dict) and isinstance(said.get(key), str) else ""
        message["tool_calls"] = calls
    choice["finish_reason"] = more.get("finish_reason") or choice["finish_reason"]


def _told(rows: Rows, stream: _Stream) -> Iterator[Problem]:
    """Add the span of an exchange, or tell why it cannot be placed in time."""
    found = stream.whole()
    ask, answer, around = found.ask, found.answer, found.around
    start = _first(around, (*STARTS, "request.timestamp", "response.timestamp")) or _first(
        answer, ("created", "created_at")
    )
    if start is None:
        told = "a call without any time cannot be placed: log it with the time at which it was made"
        yield Problem(source=rows.file.source, line=stream.line, message=told)
        return
    code = next((n for name in CODES if (n := number(around.get(name))) is not None), None)
    error = _first(answer, ("error",)) or _first(around, ("error", "exception"))
    result = {"error": around["result"]} if isinstance(around.get("result"), dict) else {}
    failed = faulty(error or result.get("error"), code)
    anthropic = str(answer.get("type")) in {"message", "error"} or "anthropic_version" in ask
    said = {**asked(answer, _ECHOES), **asked(ask), **answered(answer)}
    model = said.get("gen_ai.response.model", said.get("gen_ai.request.model"))
    word = around.get("status")
    if isinstance(word, str) and TIMEOUT.search(word):
        failed = {**failed, "error.type": "timeout"}
    elif isinstance(word, str) and word.lower() in {"error", "failed", "failure"}:
        failed = {"error.type": "_OTHER", **failed}
    cut = failed.get("error.type") == "timeout"
    end = None if cut else stream.end or _first(around, (*ENDS, "response.timestamp")) or answer.get("completed_at")
    took = next((n * unit for name, unit in DURATIONS.items() if (n := number(around.get(name))) is not None), None)
    answer_id = said.get("gen_ai.response.id")
    whole = json.dumps([ask, answer, around], sort_keys=True, default=str).encode()
    own = answer_id or _first(around, ("span_id", "spanId", "id")) or hashlib.sha256(whole).hexdigest()[:32]
    operation = _operation(ask, answer)
    known = {"openai.log.model": around.pop("model", None), "gen_ai.provider.name": around.pop("provider", None)}
    if known["gen_ai.provider.name"] is None:
        known["gen_ai.provider.name"] = "anthropic" if anthropic else "openai" if _OPENAI.match(str(model)) else None
    if anthropic and "gen_ai.usage.input_tokens" in said:
        known["gen_ai.usage.input_tokens_exclude_cache"] = True
    rows.span(
        trace_id=_first(around, (*TRACES, "response.request_id")) or answer.get("request_id") or own,
        span_id=own,
        parent_id=_first(around, ("parent_id", "parent_span_id", "parentSpanId")),
        name=around.get("name") or " ".join(filter(None, (operation, text_of(said.get("gen_ai.request.model"))))),
        start=start,
        end=end,
        duration_ms=took if end is None and not cut else None,
        status="error" if failed else "ok" if answer and around.get("openai.stream.finished", True) else None,
        attributes={"gen_ai.operation.name": operation, **known, **said, **failed, **flat("", around)},
        line=stream.line,
    )


def _operation(ask: Fields, answer: Fields) -> str:
    if answer.get("object") == "list" or ("input" in ask and "encoding_format" in ask):
        return "embeddings"
    plain = answer.get("object") == "text_completion" or ("prompt" in ask and not {"messages", "input"} & ask.keys())
    return "text_completion" if plain else "chat"


def listed(file: File, key: str) -> Iterator[Found | Problem]:
    """Each record of a file, also of a page: an object with a list of them under ``key``, on a line of its own."""
    for part in records(file, key=key):
        page = None if isinstance(part, Problem) or "usage" in part.record else part.record.get(key)
        if isinstance(part, Problem) or not isinstance(page, list):
            yield part
            continue
        for one in page:
            if isinstance(one, dict):
                yield Found(part.line, one)
            else:
                told = f"not a record: a JSON object is expected under '{key}'"
                yield Problem(source=file.source, line=part.line, message=told)


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
    rest = {key: value for key, value in answer.items() if value is not None and key not in _ECHOES | {"error"}}
    said: Fields = {f"gen_ai.response.{key}": rest.pop(key) for key in ("id", "model") if key in rest}
    for key in ("system_fingerprint", "service_tier"):
        said[f"openai.response.{key}"] = rest.pop(key, None)
    choices = _dicts(rest.get("choices"))
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
    calls = any(part.get("type") == "function_call" for part in _dicts(answer.get("output")))
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
        calls = [*_dicts(message.get("tool_calls")), message.get("function_call")]
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


def _dicts(value: object) -> list[Fields]:
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def _first(said: Mapping[str, Any], names: Iterable[str]) -> Any:  # noqa: ANN401  whatever is there
    return next((said[name] for name in names if said.get(name) not in (None, "")), None)
