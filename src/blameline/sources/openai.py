"""Requests and answers as providers log them: OpenAI-style JSON lines and Anthropic messages in, spans out.

Read are pairs ``{request, response}`` in any wrapper, bare and stored completions, Responses, lines of a batch's output,
and streamed chunks, which are put together by their id. The model that was asked for is only known from a request.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from blameline.records import Manifest, Problem, Scan
from blameline.sources.completions import (
    ECHOES,
    TIMEOUT,
    Fields,
    answered,
    asked,
    faulty,
    flat,
    number,
    opened,
    text_of,
)
from blameline.sources.lines import records
from blameline.sources.postings import objects
from blameline.sources.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from blameline.sources.heads import File, Head

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
_SIGNS = frozenset({*REQUESTS, *RESPONSES, "object", "type", "choices", "custom_id"})
"""Every exchange has one of these."""

_OPENAI = re.compile(r"^(ft:)?(gpt-|o\d|chatgpt|text-embedding-|codex|davinci|babbage)")
_OPEN = 2000
"""Streamed answers that are held until their last chunk; beyond it the oldest is taken as whole."""


class OpenAILogs:
    """Reads what applications wrote down of their calls to a provider."""

    name = "openai"

    def sniff(self, path: Path, head: Head) -> bool:  # noqa: ARG002  the protocol hands it in
        """True for JSON whose records are a provider's answers, alone or beside the request."""
        if head.shape not in {"json", "jsonl"} or OTHERS & head.paths:
            return False
        some = [one for record in head.samples[:20] for one in objects(record.get("data")) or [dict(record)]]
        return any(_exchange(record) for record in some) if some else _cut_exchange(head.paths)

    def read(self, file: File, manifest: Manifest, *, lenient: bool) -> Iterator[Scan | Problem]:  # noqa: ARG002  the protocol hands it in
        """One span an answer; what has no time or is no answer is a ``Problem`` with its line."""
        rows = Rows(file, where="table")
        streams: dict[str, _Stream] = {}
        for part in records(file, "data", unless=("usage",)):
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
    if OTHERS & record.keys() or _SIGNS.isdisjoint(record):
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
            for choice in objects(chunk["choices"]):
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
    for call in objects(delta.get("tool_calls")):
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
    said = {**asked(answer, ECHOES), **asked(ask), **answered(answer)}
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


def _first(said: Mapping[str, Any], names: Iterable[str]) -> Any:  # noqa: ANN401  whatever is there
    return next((said[name] for name in names if said.get(name) not in (None, "")), None)
