"""MLflow's traces: ``Trace.to_json()`` and ``search_traces`` exports in; spans, and feedback as scores, out.

Both layouts are read: that of MLflow 3 (ids in base64, assessments) and that of MLflow 2 (``context``, no feedback).
Attributes are JSON inside of text: they are decoded once. A preview that MLflow cut is marked and never the content.
Expectations are what an answer should have been, so they are no scores.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any

from blameline.records import Problem
from blameline.sources.lines import records
from blameline.sources.phoenix import AT_ONCE, answered, flatten, names, scalar, structure
from blameline.sources.rows import Rows, cut

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from blameline.records import Manifest, Scan
    from blameline.sources.heads import File, Head

Json = dict[str, Any]
_KINDS = {
    "LLM": "chat", "CHAT_MODEL": "chat", "RETRIEVER": "retrieval", "TOOL": "execute_tool", "AGENT": "invoke_agent",
    "EMBEDDING": "embeddings", "RERANKER": "rerank", "CHAIN": "workflow", "WORKFLOW": "workflow",
    "EVALUATOR": "evaluation", "GUARDRAIL": "guardrail",
}  # fmt: skip
"""``mlflow.spanType`` → operation."""
_TRACE = {
    "mlflow.trace.session": "session.id",
    "mlflow.trace.user": "user.id",
    "mlflow.source.git.commit": "service.version",
}
_USAGE = {
    "input_tokens": "gen_ai.usage.input_tokens",
    "output_tokens": "gen_ai.usage.output_tokens",
    "total_tokens": "gen_ai.usage.total_tokens",
    "cache_read_input_tokens": "gen_ai.usage.cache_read.input_tokens",
    "cache_creation_input_tokens": "gen_ai.usage.cache_write.input_tokens",
}
_ASKED = ("temperature", "top_p", "top_k", "max_tokens", "seed", "frequency_penalty", "presence_penalty")
_PERSONAL = frozenset({"mlflow.user", "mlflow.source.name", "mlflow.artifactLocation"})
"""Who ran it, and where on whose machine."""
_NO_CONTENT = frozenset({"mlflow.traceInputs", "mlflow.traceOutputs"})
_JUDGED_AT = ("last_update_time", "create_time", "last_update_time_ms", "create_time_ms")
_WHOLE = frozenset({"mlflow.spanInputs", "mlflow.spanOutputs", "mlflow.linkedPrompts"})
"""Attributes that stay one JSON text."""
_TOOK = ("execution_duration_ms", "execution_duration", "execution_time_ms")
_CUT = "..."


class MLflowTraces:
    """Reads traces with their spans and assessments."""

    name = "mlflow"

    def sniff(self, path: Path, head: Head) -> bool:
        """True for a trace document, and for the columns that ``search_traces`` gives."""
        found = names(path, head)
        if {"info", "data"} <= found:
            ids = {"info.trace_id", "info.request_id"} & found
            return bool(ids and {"info.trace_metadata", "info.request_metadata", "info.trace_location"} & found)
        if {"trace_id", "trace"} <= found and "mlflow.trace" in head.text:
            return True  # the trace as text fills the whole head
        frame = {"trace_metadata", "request_metadata"} & found and {"trace_id", "request_id"} & found
        return bool(frame and {"trace", "spans"} & found and "tags" in found)

    def read(self, file: File, manifest: Manifest, *, lenient: bool) -> Iterator[Scan | Problem]:  # noqa: ARG002
        """Spans and scores, a batch at a time."""
        traces = _Traces(Rows(file, batch=AT_ONCE))
        for part in records(file, key="traces"):
            if isinstance(part, Problem):
                yield part
                continue
            yield from traces.add(part.record, part.line)
            yield from traces.rows.taken()
        yield from traces.rows.taken(rest=True)


class _Traces:
    """Turns traces into rows."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    def add(self, record: Json, line: int | None) -> Iterator[Problem]:
        """Add one trace; what cannot be used of it is told."""
        faults: list[str] = []
        whole = _decoded(record.get("trace"))
        trace = whole if isinstance(whole, dict) and isinstance(whole.get("info"), dict) else record
        info, data = _object(trace.get("info")), _object(trace.get("data"))
        info = info or {key: _decoded(value) for key, value in record.items() if key not in {"spans", "trace"}}
        spans = _decoded(data.get("spans", record.get("spans")))
        trace_id = _plain_id(info.get("trace_id") or info.get("request_id"))
        shared = _shared(info, faults)
        found = spans if isinstance(spans, list) else []
        if not found:
            faults.append(f"the trace {cut(str(trace_id), 60)} has no spans: it is read as one span")
            found = [_as_span(info, trace_id)]
        for span in found:
            if isinstance(span, dict):
                self._span(span, trace_id, shared, info, line, faults)
            else:
                faults.append("a span is no object: left out")
        assessments = _decoded(info.get("assessments", record.get("assessments")))
        for part in assessments if isinstance(assessments, list) else []:
            assessment = _decoded(part)
            if isinstance(assessment, dict):
                self._score(assessment, trace_id, line, faults)
            else:
                faults.append("an assessment is no object: left out")
        for fault in dict.fromkeys(faults):
            yield Problem(source=self.rows.file.source, line=line, message=fault)

    def _span(
        self, span: Json, trace_id: object, shared: Json, info: Json, line: int | None, faults: list[str]
    ) -> None:
        context, status = _object(span.get("context")), _object(span.get("status"))
        said, attributes = _attributes(span, faults)
        parent = _hex(span.get("parent_span_id", span.get("parent_id")))
        if parent in {None, ""}:
            attributes = {**_previews(info), **attributes}
        else:
            shared = {key: value for key, value in shared.items() if not key.startswith("mlflow.trace.")}
        code = scalar(status.get("code", span.get("status_code")))
        state = str(code).removeprefix("STATUS_CODE_")
        if state == "ERROR":
            kinds = (value for key, value in said.items() if key.endswith(".attributes.exception.type"))
            attributes.setdefault("error.type", next(kinds, "_OTHER"))
        self.rows.span(
            trace_id=_hex(span.get("trace_id") or context.get("trace_id")) or trace_id,
            span_id=_hex(span.get("span_id") or context.get("span_id")),
            parent_id=parent,
            name=scalar(span.get("name")),
            start=scalar(span.get("start_time_unix_nano", span.get("start_time"))),
            end=scalar(span.get("end_time_unix_nano", span.get("end_time"))) or None,
            duration_ms=span.get("duration_ms") if isinstance(span.get("duration_ms"), float) else None,
            status=state if state in {"OK", "ERROR"} else None,
            attributes={
                **shared,
                **attributes,
                "status.message": scalar(status.get("message") or span.get("status_message") or None),
            },
            line=line,
        )

    def _score(self, assessment: Json, trace_id: object, line: int | None, faults: list[str]) -> None:
        name = scalar(assessment.get("assessment_name") or assessment.get("name"))
        feedback = _decoded(assessment.get("feedback"))
        if not isinstance(feedback, dict) or assessment.get("valid") is False:
            return  # an expectation, an issue, or feedback that a later one took the place of
        value = feedback.get("value")
        if feedback.get("error") and value is None:
            faults.append(f"the judge of '{cut(str(name), 40)}' failed: no score")
            return
        if isinstance(value, (dict, list)):
            faults.append(f"the feedback '{cut(str(name), 40)}' is no single value: left out")
            return
        source = _object(assessment.get("source"))
        kind, judge = scalar(source.get("source_type")), scalar(source.get("source_id"))
        more: Json = {}
        for key in ("assessment_id", "rationale", "metadata", "run_id"):
            flatten(assessment.get(key), key, more, faults)
        self.rows.score(
            name=name,
            value=value,
            label=value if isinstance(value, str) else None,
            trace_id=_plain_id(assessment.get("trace_id")) or trace_id,
            span_id=_hex(assessment.get("span_id")),
            evaluator=kind if kind == "HUMAN" or not judge else judge,  # a person's id is not kept
            at=next((at for key in _JUDGED_AT if (at := scalar(assessment.get(key)))), None),
            attributes={**more, "source_type": kind},
            line=line,
        )


def _attributes(span: Json, faults: list[str]) -> tuple[Json, Json]:
    """What a span says under flat names, and the same with canonical names."""
    given = _object(_decoded(span.get("attributes")))
    decoded = {str(key): _decoded(value) for key, value in given.items()}
    said: Json = {}
    for key, value in decoded.items():
        whole = key in _WHOLE and isinstance(given[key], str) and not isinstance(value, str)
        flatten(given[key] if whole else value, key, said, faults)
    for key in ("events", "links"):
        flatten(_decoded(span.get(key)) or None, key, said, faults)
    kind = str(decoded.get("mlflow.spanType") or span.get("span_type") or "").upper()
    usage, cost = _object(decoded.get("mlflow.chat.tokenUsage")), _object(decoded.get("mlflow.llm.cost"))
    asked = _object(decoded.get("mlflow.spanInputs"))
    found: Json = {
        **{name: scalar(usage.get(key)) for key, name in _USAGE.items()},
        "gen_ai.operation.name": _KINDS.get(kind),
        "gen_ai.provider.name": scalar(decoded.get("mlflow.llm.provider")),
        "gen_ai.usage.cost": scalar(cost.get("total_cost")),
        "input.value": said.get("mlflow.spanInputs"),
        "output.value": said.get("mlflow.spanOutputs"),
    }
    if _KINDS.get(kind) in {"chat", "embeddings"}:
        found |= {f"gen_ai.request.{key}": asked[key] for key in _ASKED if isinstance(asked.get(key), (int, float))}
        found["gen_ai.request.model"] = scalar(asked.get("model"))
        found["gen_ai.response.model"] = scalar(decoded.get("mlflow.llm.model"))
        found |= answered(said.get("mlflow.spanOutputs"))
    if kind == "RETRIEVER":
        found["gen_ai.retrieval.documents"] = _documents(decoded.get("mlflow.spanOutputs"))
    if kind == "TOOL":
        found["gen_ai.tool.name"] = scalar(span.get("name"))
    return said, {**{key: value for key, value in found.items() if isinstance(value, (str, int, float, list))}, **said}


def _documents(outputs: object) -> list[Json] | None:
    """The ids and scores of what a retriever brought."""
    found = []
    for document in outputs if isinstance(outputs, list) else []:
        if isinstance(document, dict):
            more = _object(document.get("metadata"))
            own = {
                "id": document.get("id") or more.get("doc_uri") or more.get("chunk_id") or more.get("id"),
                "score": document.get("score", more.get("score")),
            }
            found.append({key: value for key, value in own.items() if isinstance(value, (str, int, float))})
    return found or None


def _shared(info: Json, faults: list[str]) -> Json:
    """What every span of a trace shares: its metadata and tags."""
    found: Json = {}
    for kind in ("trace_metadata", "request_metadata", "tags"):
        for key, value in _object(_decoded(info.get(kind))).items():
            if key not in _PERSONAL and key not in _NO_CONTENT and value is not None and value != "":
                name = _TRACE.get(key) or (f"tags.{key}" if kind == "tags" and "." not in key else str(key))
                flatten(value, name, found, faults)
    for key in ("trace_location", "client_request_id", "experiment_id"):
        flatten(info.get(key), key, found, faults)
    return found


def _as_span(info: Json, trace_id: object) -> Json:
    """A trace that came without spans, as its own root."""
    tags = _object(_decoded(info.get("tags")))
    took = next((info[key] for key in _TOOK if isinstance(info.get(key), (int, float))), None)
    return {
        "trace_id": trace_id,
        "span_id": f"{str(trace_id)[:16]}-trace",
        "name": tags.get("mlflow.traceName"),
        "start_time": info.get("request_time", info.get("timestamp_ms")),
        "duration_ms": None if took is None else float(took),
        "status_code": info.get("state", info.get("status")),
    }


def _previews(info: Json) -> Json:
    """The shortened question and answer of a whole trace, each marked when it was cut."""
    found: Json = {}
    for key in ("request_preview", "response_preview"):
        said = info.get(key)
        if isinstance(said, str):
            found[key] = said
            if said.endswith(_CUT):
                found[f"{key}.truncated"] = True
    return found


def _decoded(value: object) -> Any:  # noqa: ANN401  whatever was encoded
    """What a JSON text holds; text that is none (a preview that was cut, a plain word) stays as it is."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return structure(value)


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _hex(value: object) -> object:
    """An id of eight or sixteen bytes in hex, as OpenTelemetry has it; any other as it is."""
    if not isinstance(value, str):
        return scalar(value)
    if len(value) in {12, 24} and value.endswith("="):
        try:
            return base64.b64decode(value, validate=True).hex()
        except (binascii.Error, ValueError):
            return value
    return value.removeprefix("0x")


def _plain_id(value: object) -> object:
    """A trace's id without MLflow's prefix, as the spans of it have it."""
    return value.rpartition("/")[2].removeprefix("tr-") if isinstance(value, str) else scalar(value)
