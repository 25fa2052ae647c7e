"""The traces of a drill as the OpenTelemetry Collector's file exporter writes them: one export request a line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from blameline.drill.catalogue import JUDGE_VERSION
from blameline.drill.columns import PROMPT_NAME
from blameline.drill.lines import Compression, write_lines
from blameline.drill.scores import JUDGED, SCORES
from blameline.drill.setting import SERVICE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BATCH = 100
"""Requests an export request."""
TRACES_NAME = "traces.otlp.jsonl"

_ROOT = ("tenant.id", "app.task", "app.route", "app.router.config", "app.context.builder", "app.guardrail.version")
_CHAT = ("gen_ai.request.model", "gen_ai.response.model", "openai.response.system_fingerprint", "gen_ai.prompt.version",
         "gen_ai.request.temperature", "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens")  # fmt: skip
_RESOURCE = ("service.version", "cloud.region")
_MILLION = 1_000_000
_INTERNAL, _CLIENT = 1, 3  # SpanKind

Row = dict[str, Any]


def _attribute(key: str, value: str | float) -> dict[str, Any]:
    if isinstance(value, str):
        return {"key": key, "value": {"stringValue": value}}
    if isinstance(value, int):
        return {"key": key, "value": {"intValue": str(value)}}
    return {"key": key, "value": {"doubleValue": value}}


def _attributes(operation: str, row: Row, names: tuple[str, ...]) -> list[dict[str, Any]]:
    first = _attribute("gen_ai.operation.name", operation)
    return [first, *(_attribute(name, row[name]) for name in names if row.get(name) is not None)]


def _span(row: Row, number: int, name: str, *, kind: int, times: tuple[int, int], attributes: list[Row]) -> Row:
    """One span; times in milliseconds, number 0 is the root."""
    head = row["trace_id"][:15]
    span: Row = {"traceId": row["trace_id"], "spanId": f"{head}{number}"}
    if number:
        span["parentSpanId"] = f"{head}0"
    return span | {
        "name": name,
        "kind": kind,
        "startTimeUnixNano": str(times[0] * _MILLION),
        "endTimeUnixNano": str(times[1] * _MILLION),
        "attributes": attributes,
        "status": {},
    }


def _spans(row: Row) -> list[Row]:
    """The spans of one request, children first, as exporters send them."""
    start, wait = row["at"], row["latency_ms"]
    end, spans = start + wait, []
    asked = start + 5
    if row["gen_ai.retrieval.documents"] is not None:
        asked = start + 5 + wait // 10
        found = _attributes("retrieval", row, ("gen_ai.data_source.id", "gen_ai.retrieval.documents"))
        spans.append(_span(row, 1, "retrieval help-centre", kind=_CLIENT, times=(start + 2, asked), attributes=found))
    answered = end
    failed = row["app.tool.failed"]
    if failed is not None:
        answered = end - 1 - wait // 10
        tool = _attributes("execute_tool", row, ("app.tools.schema",))
        tool.append(_attribute("gen_ai.tool.name", "lookup_order"))
        span = _span(row, 3, "execute_tool lookup_order", kind=_INTERNAL, times=(answered, end), attributes=tool)
        if failed:
            tool.append(_attribute("error.type", "invalid_arguments"))
            span["status"] = {"code": 2}
        spans.append(span)
    chat = _attributes("chat", row, _CHAT)
    if row.get("gen_ai.prompt.version") is not None:
        chat.append(_attribute("gen_ai.prompt.name", PROMPT_NAME))
    reasons = {"values": [{"stringValue": row["gen_ai.response.finish_reasons"]}]}
    chat.append({"key": "gen_ai.response.finish_reasons", "value": {"arrayValue": reasons}})
    chat.append(_attribute("gen_ai.response.id", f"resp-{row['trace_id'][:12]}"))
    name = f"chat {row['gen_ai.request.model']}" if row.get("gen_ai.request.model") else "chat"
    spans.append(_span(row, 2, name, kind=_CLIENT, times=(asked, answered), attributes=chat))
    root = _attributes("invoke_agent", row, _ROOT)
    root.append(_attribute("gen_ai.conversation.id", row["conversation.id"]))
    spans.append(_span(row, 0, "invoke_agent support", kind=_INTERNAL, times=(start, end), attributes=root))
    return spans


def _logs(row: Row) -> list[Row]:
    """The scores of one request as log records of the chat span."""
    records = []
    for place, name in enumerate(SCORES):
        value = row[name]
        if value is None:
            continue
        at = row["at"] + row["latency_ms"] + (1500 if name in JUDGED else 5) + place
        attributes = [
            _attribute("gen_ai.evaluation.name", name),
            _attribute("gen_ai.evaluation.score.value", float(value)),
        ]
        if value in (0, 1) and name not in ("groundedness", "courtesy"):
            attributes.append(_attribute("gen_ai.evaluation.score.label", "pass" if value else "fail"))
        if name in JUDGED and row.get(JUDGE_VERSION) is not None:
            attributes.append(_attribute(JUDGE_VERSION, row[JUDGE_VERSION]))
        records.append(
            {
                "timeUnixNano": str(at * _MILLION),
                "eventName": "gen_ai.evaluation.result",
                "traceId": row["trace_id"],
                "spanId": f"{row['trace_id'][:15]}2",
                "attributes": attributes,
            }
        )
    return records


def _resource(row: Row) -> list[Row]:
    present = [name for name in _RESOURCE if row.get(name) is not None]
    return [_attribute("service.name", SERVICE), *(_attribute(name, row[name]) for name in present)]


def _lines(table: pa.Table) -> Iterator[str]:
    table = table.set_column(0, "at", table.column("at").cast(pa.int64()))
    for batch in table.to_batches(max_chunksize=BATCH):
        groups: dict[tuple[str | None, ...], tuple[list[Row], list[Row]]] = {}
        logs: list[Row] = []
        for row in batch.to_pylist():
            key = tuple(row.get(name) for name in _RESOURCE)
            groups.setdefault(key, (_resource(row), []))[1].extend(_spans(row))
            logs.extend(_logs(row))
        traces = [
            {"resource": {"attributes": resource}, "scopeSpans": [{"scope": {"name": "support"}, "spans": spans}]}
            for resource, spans in groups.values()
        ]
        yield _line({"resourceSpans": traces})
        if logs:
            service = {"attributes": [_attribute("service.name", SERVICE)]}
            scopes = [{"scope": {"name": "evals"}, "logRecords": logs}]
            yield _line({"resourceLogs": [{"resource": service, "scopeLogs": scopes}]})


def _line(message: Row) -> str:
    return json.dumps(message, separators=(",", ":")) + "\n"


def write_otlp(table: pa.Table, folder: Path, compress: Compression | None) -> Path:
    """Write the table's requests as OTLP/JSON lines, compressed if wished, and say where."""
    return write_lines(_lines(table), folder, TRACES_NAME, compress)
