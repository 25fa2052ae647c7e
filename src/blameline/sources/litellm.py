"""LiteLLM's spend logs and logging payloads in, one span a call out.

``model_group`` is what the application asked for, ``model`` what it was sent to. A retry or a fallback is a call of its
own with its own cost, and belongs to the request that it saves: calls that share a session or trace, where the one
before failed and this one began within two minutes of its end, are one trace. Each request of a session is its own.
"""

from __future__ import annotations

import hashlib
import re
from array import array
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from blameline.records import Manifest, Problem, Scan
from blameline.sources.completions import answered, asked, faulty, flat, number, opened, text_of, used
from blameline.sources.lines import records
from blameline.sources.parquet import column_names
from blameline.sources.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from blameline.sources.heads import File, Head

GAP = 120.0
"""Seconds within which a call follows a failed one as its retry."""
SLACK = 0.05
"""Seconds that a retry may seem to begin before the failure ended: two clocks are read."""
OPERATIONS = {"completion": "chat", "responses": "chat", "anthropic_messages": "chat", "generate_content": "chat",
              "text_completion": "text_completion", "embedding": "embeddings", "rerank": "rerank",
              "call_mcp_tool": "execute_tool", "vector_store_search": "retrieval", "search": "retrieval"}  # fmt: skip
PROVIDERS = {"azure": "azure.ai.openai", "bedrock": "aws.bedrock", "vertex_ai": "gcp.vertex_ai", "gemini": "gcp.gemini",
             "xai": "x_ai", "mistral": "mistral_ai", "moonshot": "moonshot_ai"}  # fmt: skip
REDACTED = ("redacted-by-litellm", "REDACTED_BY_LITELM")
"""What LiteLLM writes in place of what it must not keep: it stands for nothing."""
_OWN = frozenset({"startTime", "endTime", "custom_llm_provider", "spend", "response_cost", "request_tags",
                  "prompt_tokens", "completion_tokens", "total_tokens", "session_id", "end_user", "team_id", "messages",
                  "response", "model_parameters", "proxy_server_request", "error_str", "error_information",
                  "model_map_information", "metadata", "status", "cache_hit"})  # fmt: skip
_FAILED, _FIRST = 1, 2
_WAITING = 50
"""Failed calls of one session that may wait for their retry at the same time; beyond it the oldest waits no longer."""
_Leader = tuple[str, str]
"""The id of the first call of a request, and the model that it asked for."""
_TOLD = ("error_information", "model_map_information", "usage_object", "additional_usage_values")
_TELLING = ("request_id", "id", "litellm_call_id", "trace_id", "litellm_trace_id", "session_id", "startTime", "endTime",
            "status", "model_group", "metadata")  # fmt: skip
_CONTENT = ("messages", "input", "prompt", "system", "instructions")
_CACHED = re.compile(r"_cache_hit[\d.]+$")


class LiteLLMLogs:
    """Reads what a LiteLLM proxy or client logged."""

    name = "litellm"

    def sniff(self, path: Path, head: Head) -> bool:
        """True for rows with the names that only LiteLLM uses together."""
        columns = column_names(path, head)
        if columns is not None:
            return _is_ours(columns)
        names = head.paths
        return _is_ours(names) or _is_ours(frozenset(n.removeprefix("data.") for n in names if n.startswith("data.")))

    def read(self, file: File, manifest: Manifest, *, lenient: bool) -> Iterator[Scan | Problem]:  # noqa: ARG002  the protocol hands it in
        """The file is read twice: first for what belongs together, then for the spans."""
        together = _Requests()
        for part in records(file, "data", unless=("usage",)):
            if not isinstance(part, Problem):
                together.note(_plain({key: part.record.get(key) for key in _TELLING}))
        leaders = together.settled()
        rows = Rows(file)
        place = -1
        for part in records(file, "data", unless=("usage",)):
            if isinstance(part, Problem):
                yield part
                continue
            place += 1
            _add(rows, _plain(part.record), leaders.get(place), part.line)
            yield from rows.taken()
        yield from rows.taken(rest=True)


def _is_ours(names: frozenset[str]) -> bool:
    return {"call_type", "startTime"} <= names and len(
        names & {"model_group", "custom_llm_provider", "spend", "response_cost", "request_tags", "litellm_call_id"}
    ) >= 3


def _plain(record: Mapping[str, Any]) -> dict[str, Any]:
    """A row with its JSON opened, and without what stands for nothing: empty text and Python's ``None`` as text."""
    return {key: opened(value) for key, value in record.items() if value not in (None, "", "None", "null")}


def _failed(row: Mapping[str, Any]) -> bool:
    return str(row.get("status") or _inside(row, "metadata").get("status")).lower() in {"failure", "failed", "error"}


def _id(row: Mapping[str, Any]) -> str | None:
    return text_of(row.get("request_id")) or text_of(row.get("id")) or text_of(row.get("litellm_call_id"))


def _request_key(row: Mapping[str, Any]) -> str | None:
    """What the calls of one request share, and those of one session too where the log does not tell them apart."""
    return next((text_of(row[key]) for key in ("trace_id", "litellm_trace_id", "session_id") if row.get(key)), None)


def _is_request_id(row: Mapping[str, Any]) -> bool:
    """True when the trace id is of one request: newer payloads name the session beside it."""
    session = row.get("session_id")
    return bool(session and row.get("trace_id") and session != row["trace_id"])


def _is_first(row: Mapping[str, Any]) -> bool:
    """True when the row itself says that nothing was tried before it."""
    said = _inside(row, "metadata")
    return said.get("attempted_retries") == 0 and said.get("attempted_fallbacks") == 0


def seconds(value: object) -> float | None:
    """A moment in seconds since 1970, from ISO 8601 or a number of seconds, ms, µs or ns; no zone means UTC."""
    found = number(value)
    if found is not None:
        while found > 4102444800:  # the year 2100 in seconds
            found /= 1000
        return found
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
        return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment).timestamp()
    except (ValueError, OverflowError):
        return None


class _Requests:
    """Which calls are one request; holds 25 bytes a call, and the id of each failed one."""

    def __init__(self) -> None:
        self.keys, self.starts, self.ends, self.marks = array("q"), array("d"), array("d"), array("b")
        self.failed: dict[int, _Leader] = {}

    def note(self, row: Mapping[str, Any]) -> None:
        """Keep what decides, of the next call in the file."""
        key, start, own = _request_key(row), seconds(row.get("startTime")), _id(row)
        grouped = bool(key and own and start is not None and not _is_request_id(row))
        digest = hashlib.blake2b(str(key).encode("utf-8", "replace"), digest_size=8).digest()
        failed = grouped and _failed(row)
        if failed and own:
            self.failed[len(self.keys)] = (own, text_of(row.get("model_group")) or "")
        self.keys.append(int.from_bytes(digest, "big", signed=True) if grouped else 0)
        self.starts.append(start or 0.0)
        self.ends.append(seconds(row.get("endTime")) or start or 0.0)
        self.marks.append(failed * _FAILED + _is_first(row) * _FIRST)

    def settled(self) -> dict[int, _Leader]:
        """The place of each call that follows a failed one → the first call of that request."""
        if not self.failed:
            return {}
        table = pa.table({"key": pa.array(self.keys), "start": pa.array(self.starts), "mark": pa.array(self.marks)})
        order = pc.sort_indices(table, [("key", "ascending"), ("start", "ascending"), ("mark", "descending")])
        leaders: dict[int, _Leader] = {}
        key = 0
        waiting: list[tuple[float, _Leader]] = []
        for part in order.to_numpy():
            place = int(part)
            start, mark = self.starts[place], self.marks[place]
            if self.keys[place] != key:
                key, waiting = self.keys[place], []
            if not key:
                continue
            waiting = [one for one in waiting[-_WAITING:] if start <= one[0] + GAP]
            before = None if mark & _FIRST else max((one for one in waiting if one[0] <= start + SLACK), default=None)
            if before:
                waiting.remove(before)
                leaders[place] = before[1]
            if mark & _FAILED:
                waiting.append((self.ends[place], before[1] if before else self.failed[place]))
        return leaders


def _add(rows: Rows, row: dict[str, Any], leader: _Leader | None, line: int | None) -> None:
    own, sent = _id(row), text_of(row.get("model"))
    metadata, response = _inside(row, "metadata"), _inside(row, "response")
    said = asked({**_request(row), **_inside(row, "model_parameters")}, prefix="litellm.model_parameters")
    said |= answered(response, "litellm.response")
    if not isinstance(row.get("response"), dict) and row.get("response"):
        said["output.value"] = row["response"]
    said = {key: value for key, value in said.items() if not _is_redacted(value)}
    served = said.get("gen_ai.response.model")
    alias = text_of(metadata.get("original_model_group")) or (leader and leader[1]) or text_of(row.get("model_group"))
    failed = _failed(row)
    told = said.get("gen_ai.request.model")
    said["gen_ai.request.model"] = alias or (sent if served else (told or sent) if failed else told)
    fault: dict[str, Any] = {}
    if failed:
        fault = _fault(row, metadata)
        said |= {"gen_ai.response.model": None, "gen_ai.response.id": None}
    else:
        said["gen_ai.response.model"] = served or sent
        said.setdefault("gen_ai.response.id", _CACHED.sub("", own or "") or None)
    timeout = fault.get("error.type") == "timeout"
    kind = str(row.get("call_type", ""))
    operation = OPERATIONS.get(kind, OPERATIONS.get(kind.removeprefix("a"), kind or None))
    rows.span(
        trace_id=row["trace_id"] if _is_request_id(row) else leader[0] if leader else own,
        span_id=own,
        name=" ".join(filter(None, (operation, text_of(said["gen_ai.request.model"]) or sent))),
        start=row.get("startTime"),
        end=None if timeout else row.get("endTime"),
        status="error" if fault else row.get("status"),
        attributes={
            "gen_ai.operation.name": operation,
            **said,
            **_counts(row, metadata),
            **_around(row, metadata),
            **flat("litellm", row, leave=_OWN),
            **flat("litellm.metadata", row.get("metadata"), leave=_TOLD),
            **flat("litellm.proxy_server_request", _asked_body(row), leave=_CONTENT),
            **fault,
            "litellm.endTime": row.get("endTime") if timeout else None,
        },
        line=line,
    )


def _inside(row: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = row.get(key)
    return value if isinstance(value, dict) else {}


def _is_redacted(value: object) -> bool:
    return any(word in str(value) for word in REDACTED)


def _asked_body(row: Mapping[str, Any]) -> dict[str, Any]:
    """The request that the proxy was sent, where it is kept: an empty object means that it is not."""
    kept = _inside(row, "proxy_server_request")
    body = opened(kept.get("body"))
    return body if isinstance(body, dict) else kept


def _request(row: Mapping[str, Any]) -> dict[str, Any]:
    """What was asked, from wherever it is kept."""
    body = _asked_body(row)
    found = {key: body[key] for key in _CONTENT if key in body}
    content = row.get("messages")
    if isinstance(content, list) and content:
        found["messages"] = content
    elif isinstance(content, str):
        found["input"] = content
    return found


def _fault(row: Mapping[str, Any], metadata: Mapping[str, Any]) -> dict[str, Any]:
    told = _inside(row, "error_information") or _inside(metadata, "error_information")
    message = told.get("error_message") or row.get("error_str")
    code = number(told.get("error_code"))
    said = faulty({"type": told.get("error_class"), "message": message}, code, "litellm.error")
    rest = flat("litellm.error", told, leave=("error_message", "error_class", "error_code", "traceback"))
    status = int(code) if code is not None else told.get("error_code")
    more = {"http.response.status_code": status, "exception.type": told.get("error_class")}
    return {**rest, **more, "exception.stacktrace": told.get("traceback"), "error.type": "_OTHER", **said}


def _counts(row: Mapping[str, Any], metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Tokens and cost; the zeros of a failed call were not counted."""
    names = ("prompt_tokens", "completion_tokens", "total_tokens")
    said = used(metadata.get("usage_object"), "litellm.usage")
    said |= used(metadata.get("additional_usage_values"), "litellm.usage")
    said |= used({name: row[name] for name in names if number(row.get(name)) is not None}, "litellm.usage")
    if _failed(row):
        said = {key: value for key, value in said.items() if number(value) != 0}
    cost = row.get("spend", row.get("response_cost"))
    return {**said, "gen_ai.usage.cost": cost if number(cost) is not None else None}


def _around(row: Mapping[str, Any], metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Who called, through whom, with which prompt and which documents."""
    provider = text_of(row.get("custom_llm_provider"))
    prompt = _inside(metadata, "prompt_management_metadata")
    tags = row.get("request_tags") or None
    first, start, end = (seconds(row.get(key)) for key in ("completionStartTime", "startTime", "endTime"))
    streamed = first is not None and start is not None and end is not None and start <= first < end
    hit = str(row["cache_hit"]).lower() if "cache_hit" in row else None
    prices = _inside(row, "model_map_information") or _inside(metadata, "model_map_information")
    return {
        "gen_ai.provider.name": PROVIDERS.get(provider or "", provider),
        "session.id": row.get("session_id") or row.get("trace_id"),
        "user.id": row.get("end_user") or metadata.get("user_api_key_end_user_id"),
        "tenant.id": row.get("team_id") or metadata.get("user_api_key_team_id"),
        "tag.tags": tags,
        "litellm.cache_hit": hit,
        "gen_ai.prompt.name": prompt.get("prompt_id"),
        "gen_ai.prompt.version": prompt.get("prompt_version"),
        "gen_ai.response.time_to_first_chunk": round(first - start, 6) if streamed and first and start else None,
        "litellm.model_map_information": flat("", prices) or None,
        **_retrieved(metadata.get("vector_store_request_metadata")),
    }


def _retrieved(found: object) -> dict[str, Any]:
    """The documents that a vector store put before the answer."""
    stores = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    results = [_inside(one, "vector_store_search_response").get("data") for one in stores]
    documents = [{"id": one.get("file_id"), "score": one.get("score")}
                 for listed in results if isinstance(listed, list) for one in listed if isinstance(one, dict)]  # fmt: skip
    names = [one.get("vector_store_id") for one in stores]
    return {
        "gen_ai.retrieval.documents": documents or None,
        "gen_ai.data_source.id": names[0] if names else None,
        "gen_ai.retrieval.query.text": stores[0].get("query") if stores else None,
    }
