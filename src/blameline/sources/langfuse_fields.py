"""What Langfuse's fields mean: one of its observations, traces or scores in, one span or score in our words out.

The blob export writes ``snake_case`` and the interface and API ``camelCase``; here both are one. A field that has no
name of ours stays as ``langfuse.<field>``, and what the user attached as ``metadata.<key>``.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from blameline.sources.aliases import EVALUATOR
from blameline.sources.rows import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from blameline.sources.rows import Rows

OPERATIONS: Mapping[str, str] = {
    "GENERATION": "chat", "EMBEDDING": "embeddings", "RETRIEVER": "retrieval", "TOOL": "execute_tool",
    "AGENT": "invoke_agent", "EVALUATOR": "evaluation", "GUARDRAIL": "guardrail", "CHAIN": "workflow",
}  # fmt: skip
NAMED: Mapping[str, str] = {
    "prompt_name": "gen_ai.prompt.name",
    "prompt_version": "gen_ai.prompt.version",
    "user_id": "user.id",
    "session_id": "session.id",
    "environment": "deployment.environment.name",
    "tags": "tag.tags",
    "tool_definitions": "gen_ai.tool.definitions",
    "trace_input": "langfuse.trace.input",
    "trace_output": "langfuse.trace.output",
}
"""Their field → our attribute, where one is the other."""
PARAMETERS: Mapping[str, str] = {
    "model": "gen_ai.request.model", "temperature": "gen_ai.request.temperature", "top_p": "gen_ai.request.top_p",
    "top_k": "gen_ai.request.top_k", "max_tokens": "gen_ai.request.max_tokens",
    "max_completion_tokens": "gen_ai.request.max_tokens", "seed": "gen_ai.request.seed",
    "frequency_penalty": "gen_ai.request.frequency_penalty", "presence_penalty": "gen_ai.request.presence_penalty",
}  # fmt: skip
TELLING: Mapping[str, str] = {
    "requested_model": "gen_ai.request.model", "request_model": "gen_ai.request.model",
    "ls_model_name": "gen_ai.request.model", "system_fingerprint": "openai.response.system_fingerprint",
    "response_id": "gen_ai.response.id", "finish_reason": "gen_ai.response.finish_reasons",
    "stop_reason": "gen_ai.response.finish_reasons",
}  # fmt: skip
"""Keys of a user's metadata whose names leave no doubt."""
SERVED = (
    "gen_ai.response.model",
    "ai.response.model",
    "llm.response.model",
    "llm.response.model_name",
    "llm.model_name",
)
REQUESTED = ("gen_ai.request.model", "ai.model.id", "llm.request.model", "llm.request.model_name")
CACHE_READ = ("input_cached_tokens", "cache_read_input_tokens", "input_cache_read", "input_cached")
CACHE_WRITE = (
    "input_cache_creation", "input_cache_creation_5m", "input_cache_creation_1h", "cache_creation_input_tokens",
    "input_cache_write",
)  # fmt: skip
REASONING = ("output_reasoning_tokens", "output_reasoning", "reasoning_tokens")
OWN = frozenset(
    {"id", "trace_id", "parent_observation_id", "start_time", "end_time", "name", "type", "input", "output", "metadata",
     "model_parameters", "usage_details", "cost_details", *NAMED}
)  # fmt: skip
"""Fields of an observation that are told in our words, or field by field."""
PRAISE_OR_BLAME = frozenset(
    {"pass", "passed", "true", "yes", "correct", "good", "positive", "thumbs_up", "thumbs-up", "up", "fail", "failed",
     "false", "no", "incorrect", "bad", "negative", "thumbs_down", "thumbs-down", "down"}
)  # fmt: skip
"""Labels that the case file counts as 1 or 0."""
_ORIGIN = {"attributes": "", "resourceAttributes": "", "scope": "scope."}
FAULT = re.compile(r"^\W*((?:[A-Za-z_]\w*\.)*[A-Za-z_]*(?:Error|Exception|Timeout|TimedOut))\b")
_OFFICIAL = ("gen_ai.", "openai.")
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def snake(record: Mapping[str, Any]) -> dict[str, Any]:
    """The same record with ``parentObservationId`` as ``parent_observation_id``; a model is always the provided one."""
    found = {_CAPITAL.sub("_", key).lower(): value for key, value in record.items()}
    return {{"model": "provided_model_name"}.get(key, key): value for key, value in found.items()}


def span(rows: Rows, record: Mapping[str, Any], line: int | None, *, empty_is_said: bool) -> None:
    """Hand in one observation; ``empty_is_said`` where the file tells an empty text from none (the legacy tables, the API)."""
    kind = str(record.get("type") or "").upper()
    own = {**_content(record, kind, empty_is_said=empty_is_said), **_usage(record), **_plainly(record)}
    attributes = {key: value for key, value in own.items() if value is not None}
    for key, value in _known(attributes, _parameters(record)):
        attributes.setdefault(key, value)
    for key, value in _known(attributes, _metadata(record.get("metadata"))):
        attributes.setdefault(key, value)
    failed = str(record.get("level") or "").upper() == "ERROR"
    for key, value in _followed(record, kind, attributes, failed=failed):
        attributes.setdefault(key, value)
    rows.span(
        trace_id=record.get("trace_id"),
        span_id=record.get("id"),
        parent_id=record.get("parent_observation_id"),
        name=_filled(record.get("name")),
        start=record.get("start_time"),
        end=_filled(record.get("end_time")),
        status="error" if failed else None,
        attributes=attributes,
        line=line,
    )


def _followed(
    record: Mapping[str, Any], kind: str, there: Mapping[str, Any], *, failed: bool
) -> Iterator[tuple[str, Any]]:
    """What follows from the other fields, where nobody said it."""
    yield "gen_ai.operation.name", OPERATIONS.get(kind)
    model = _filled(record.get("provided_model_name"))
    answered = not failed or "output.value" in there or there.get("gen_ai.usage.output_tokens")
    told = any(there.get(name) for name in SERVED) or any(there.get(name) == model for name in REQUESTED)
    if answered and not told:
        yield "gen_ai.response.model", model
    if kind == "TOOL":
        yield "gen_ai.tool.name", _filled(record.get("name"))
    yield "service.version", _filled(record.get("release")) or _filled(record.get("version"))
    yield "gen_ai.response.time_to_first_chunk", _seconds(record.get("start_time"), record.get("completion_start_time"))
    if failed:
        said = FAULT.match(str(record.get("status_message") or ""))
        yield "error.type", said.group(1) if said else "_OTHER"


def trace(rows: Rows, record: Mapping[str, Any], line: int | None) -> None:
    """Hand in a trace's own row as a root: it alone carries the user, session, tags and release of a legacy export."""
    own = {_SUMMED.get(key, key): value for key, value in record.items() if key not in _TRACE_OWN}
    identity = _filled(record.get("id"))
    span(
        rows,
        {**own, "id": identity and f"t-{identity}", "trace_id": identity, "start_time": record.get("timestamp")},
        line,
        empty_is_said=True,
    )


_TRACE_OWN = frozenset({"id", "timestamp", "observations", "scores", "corrections"})
_SUMMED = {"total_cost": "trace_total_cost", "latency": "trace_latency"}
"""Sums over the observations, which are not to be counted twice."""


def score(rows: Rows, record: Mapping[str, Any], line: int | None) -> str | None:
    """Hand in one score; where it is a label that stands for no number, its data type is answered and nothing is handed in.

    The value of a CATEGORICAL score is the place of its category in a list, and that of a TEXT score always 0: neither
    is a measurement.
    """
    kind = str(record.get("data_type") or "").upper()
    value = record.get("value")
    label = _filled(record.get("string_value")) or (value if isinstance(value, str) else None)
    labelled = kind in {"CATEGORICAL", "TEXT", "CORRECTION"}
    if labelled and (kind != "CATEGORICAL" or str(label).strip().lower() not in PRAISE_OR_BLAME):
        return kind
    metadata = dict(_metadata(record.get("metadata")))
    said = {key.removeprefix("metadata."): value for key, value in metadata.items()}
    attributes = {
        **metadata,
        **{
            f"langfuse.score.{key}": _filled(value)
            for key, value in record.items()
            if key not in _SCORE_OWN and not isinstance(value, (dict, list))
        },
        "gen_ai.evaluation.explanation": _filled(record.get("comment")),
        "session.id": _filled(record.get("session_id")),
        "deployment.environment.name": _filled(record.get("environment")),
    }
    judge = _filled(record.get("evaluator_id")) or next((said[name] for name in EVALUATOR if said.get(name)), None)
    rows.score(
        name=record.get("name"),
        value=None if labelled else value,
        label=label,
        trace_id=_filled(record.get("trace_id")),
        span_id=_filled(record.get("observation_id")),
        evaluator=judge,
        at=record.get("timestamp"),
        attributes=attributes,
        line=line,
    )
    return None


_SCORE_OWN = frozenset(
    {"trace_id", "observation_id", "name", "value", "string_value", "timestamp", "comment", "session_id", "environment",
     "metadata", "author_user_id"}
)  # fmt: skip
"""Fields of a score that are told in our words; who gave it is nobody's business."""


def _content(record: Mapping[str, Any], kind: str, *, empty_is_said: bool) -> dict[str, Any]:
    """Input and output: absent where they are not in the export; an enriched row writes "" for absent as well as for empty."""
    found: dict[str, Any] = {}
    for key in ("input", "output"):
        value = record.get(key)
        nothing_came = key == "output" and kind == "GENERATION" and _tokens(record.get("usage_details"), "output") == 0
        if value is not None and (value != "" or empty_is_said or nothing_came):
            found[f"{key}.value"] = value
    documents = _documents(record.get("output")) if kind == "RETRIEVER" else None
    return {**found, "gen_ai.retrieval.documents": documents} if documents else found


def _usage(record: Mapping[str, Any]) -> dict[str, Any]:
    """Tokens and cost. Langfuse keeps apart what was cached, written to the cache or thought: our totals include it."""
    usage, cost = entries(record.get("usage_details")), entries(record.get("cost_details"))
    total = _number(record.get("total_cost"))
    if not total:
        told = {key: number for key, value in cost if (number := _number(value)) is not None}
        total = told.get("total", sum(told.values())) if told else None
    return {
        "gen_ai.usage.input_tokens": _tokens(record.get("usage_details"), "input"),
        "gen_ai.usage.output_tokens": _tokens(record.get("usage_details"), "output"),
        "gen_ai.usage.total_tokens": _sum(usage, ("total",)),
        "gen_ai.usage.cache_read.input_tokens": _sum(usage, CACHE_READ),
        "gen_ai.usage.cache_write.input_tokens": _sum(usage, CACHE_WRITE),
        "gen_ai.usage.reasoning.output_tokens": _sum(usage, REASONING),
        "gen_ai.usage.cost": total,
        **{f"langfuse.usage_details.{key}": value for key, value in usage},
        **{f"langfuse.cost_details.{key}": value for key, value in cost},
    }


_OBJECTS = ("metadata", "model_parameters", "usage_details", "cost_details")
_OTHERWISE = {"release": "trace_release"}
"""``langfuse.release`` is an older name of the service's version, which a resource may say otherwise."""


def _plainly(record: Mapping[str, Any]) -> dict[str, Any]:
    """Fields under our name for them, or under their own."""
    named = {ours: _filled(_parsed(record.get(theirs))) for theirs, ours in NAMED.items()}
    own = {f"langfuse.{_OTHERWISE.get(key, key)}": _filled(value) for key, value in record.items() if key not in OWN}
    odd = {
        f"langfuse.{key}": _filled(record.get(key))
        for key in _OBJECTS
        if not isinstance(_parsed(record.get(key)), dict)
    }
    return {**named, **own, **odd, "langfuse.type": _filled(record.get("type"))}


def _parameters(record: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in entries(record.get("model_parameters")):
        yield PARAMETERS.get(key, f"langfuse.model_parameters.{key}"), value


def _metadata(found: object) -> Iterator[tuple[str, Any]]:
    """What the user attached, one level flat; what an OpenTelemetry span carried has its own names again."""
    for key, value in entries(found):
        outer, _, inner = key.partition(".")
        nested = entries(value) if key in _ORIGIN else []
        if nested:
            for name, said in nested:
                yield f"{_ORIGIN[key]}{name}", said
        elif outer in _ORIGIN and inner:
            yield f"{_ORIGIN[outer]}{inner}", value
        elif key.startswith(_OFFICIAL):
            yield key, value
        else:
            yield f"metadata.{key}", value
            if key in TELLING and _filled(value) is not None:
                ours = TELLING[key]
                yield ours, [value] if ours.endswith("reasons") and not isinstance(value, list) else value


def _known(there: Mapping[str, Any], found: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """The pairs; one whose name has another value already is kept beside it as ``metadata.<name>``."""
    for key, value in found:
        if value is None:
            continue
        taken = there.get(key)
        yield key if taken is None or taken == value or str(taken) == str(value) else f"metadata.{key}", value


def _documents(output: object) -> list[dict[str, Any]] | None:
    """Ids and scores of what a retriever found, where they can be seen."""
    listed = _parsed(output)
    if isinstance(listed, dict):
        listed = listed.get("documents", listed.get("results"))
    found = []
    for one in listed if isinstance(listed, list) else []:
        if not isinstance(one, dict):
            return None
        inner = one.get("metadata")
        beside = inner if isinstance(inner, dict) else {}
        named = [where.get(key) for where in (one, beside) for key in ("id", "document_id", "doc_id", "source")]
        rated = [where.get(key) for where in (one, beside) for key in ("score", "relevance_score")]
        document = {
            "id": next((value for value in named if value is not None), None),
            "score": next((value for value in rated if value is not None), None),
        }
        if document["id"] is not None:
            found.append({key: value for key, value in document.items() if value is not None})
    return found or None


def entries(value: object) -> list[tuple[str, Any]]:
    """The pairs of an object, which may be JSON text."""
    value = _parsed(value)
    return [(clean(str(key)), said) for key, said in value.items()] if isinstance(value, dict) else []


def _parsed(value: object) -> object:
    if isinstance(value, str) and value[:1] in {"{", "["}:
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return None
    return value


def _filled(value: Any) -> Any:  # noqa: ANN401  whatever a field holds
    """The value; nothing where it is empty, which is how the export writes "not set"."""
    return None if value in ("", [], {}, "[]", "{}") else value


def _tokens(usage: object, side: str) -> float | None:
    """All tokens of one side: Langfuse's own rule is that a kind of token belongs to the side that its name mentions."""
    told = entries(usage)
    return _sum(told, tuple(key for key, _ in told if side in key.lower()))


def _sum(entries: Iterable[tuple[str, Any]], wanted: tuple[str, ...]) -> float | None:
    found = [number for key, value in entries if key in wanted and (number := _number(value)) is not None]
    return sum(found) if found else None


def _number(value: object) -> float | None:
    """A number, also one that is written as text; whole numbers stay whole."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    if not abs(number) < float("inf"):
        return None
    return int(number) if number.is_integer() else number


def _seconds(start: object, end: object) -> float | None:
    """The time between two moments as the export writes them."""
    moments = [_moment(start), _moment(end)]
    if moments[0] is None or moments[1] is None:
        return None
    waited = (moments[1] - moments[0]).total_seconds()
    return waited if waited >= 0 else None


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
